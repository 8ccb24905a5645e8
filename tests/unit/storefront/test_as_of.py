"""A field that one service sends and the other does not yet: the page lives with both."""

from datetime import date
from typing import Any

import msgspec
import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string

import promo_service.payloads
import recco_service.payloads
from gateway.storefront.presenters import present_home
from tests.unit.storefront.pages import banner, home, promotions, recommendations

DAY = date(2026, 11, 12)
WORDS = {
    "promo": "Laid out on 12\N{NO-BREAK SPACE}November 2026",
    "recco": "Counted up to 12\N{NO-BREAK SPACE}November 2026.",
}
SAID = {"promo": promotions(banner()), "recco": recommendations("42")}


def page(**outcomes: Any) -> str:
    """The home page as a visitor gets it."""
    context = {"signed_in": False, **present_home(home(**outcomes))}
    return render_to_string("storefront/home.html", context, HttpRequest())


@pytest.mark.parametrize("name", WORDS)
def test_the_day_is_on_the_page_where_a_service_sends_it(name: str) -> None:
    sent = msgspec.structs.replace(SAID[name], as_of=DAY)
    assert WORDS[name] in page(**{name: sent})


@pytest.mark.parametrize("name", WORDS)
def test_the_page_is_whole_without_it(name: str) -> None:
    html = page(**{name: SAID[name]})
    assert not any(words[:9] in html for words in WORDS.values())
    assert "None" not in html


def test_only_one_of_our_services_sends_it_yet() -> None:
    """When the other one does too, the field can lose its mark in payloads.py."""
    sending = [
        each.__module__
        for each in (promo_service.payloads.Promotions, recco_service.payloads.Recommendations)
        if "as_of" in each.__struct_fields__
    ]
    assert sending == ["recco_service.payloads"]
