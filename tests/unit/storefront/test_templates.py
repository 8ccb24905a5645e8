"""What a visitor reads in each state of each part of the home page."""

from typing import Any

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string

from gateway.aggregation.source import Reply, State
from gateway.storefront.presenters import present_home
from gateway.storefront.templatetags.remembered import remembered
from tests.unit.storefront.pages import (
    ADA,
    FAILED,
    banner,
    card,
    home,
    promotions,
    recommendations,
)

BLAMING_OR_TECHNICAL = ("error", "fail", "timeout", "upstream", "service", "fragment", "you did")


def page(signed_in: bool = False, **outcomes: Any) -> str:
    """The home page as a visitor gets it."""
    request = HttpRequest()
    context = {"signed_in": signed_in, **present_home(home(**outcomes))}
    return render_to_string("storefront/home.html", context, request)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ({"promo": FAILED}, "We cannot show today’s offers at the moment."),
        ({"promo": promotions()}, "No offers today, just books"),
        ({"promo": promotions(banner())}, "Headline 1"),
        ({"recco": FAILED}, "Our recommendations are not here at the moment."),
        ({"recco": recommendations(items=0)}, "Nothing to recommend yet."),
        ({"recco": recommendations()}, "Much read just now"),
        ({"arrivals": FAILED}, "We cannot say what is new at the moment."),
        ({"arrivals": ()}, "Nothing has come in lately."),
        ({"arrivals": (card(7),)}, "Book 7"),
        ({"arrivals": Reply((card(7),), State.STALE, 7200)}, "As of 2 hours ago"),
        ({}, "Everything on this page is up to date."),
        ({"promo": FAILED}, "Missing from this page right now: offers."),
        ({"promo": Reply(promotions(), State.STALE, 9)}, "Shown as it was earlier: offers."),
    ],
)
def test_each_state_has_its_words(outcomes: dict[str, Any], words: str) -> None:
    assert words in page(**outcomes)


def test_a_page_without_anything_blames_nobody_and_uses_no_jargon() -> None:
    html = page(signed_in=True, promo=FAILED, recco=FAILED, membership=FAILED, arrivals=FAILED)
    said = html[html.index("<main") : html.index("</main>")].lower()
    assert not [word for word in BLAMING_OR_TECHNICAL if word in said]


def test_only_who_claims_to_be_signed_in_hears_that_accounts_are_out_of_reach() -> None:
    words = "We cannot look up your account"
    assert words in page(signed_in=True, membership=FAILED)
    assert words not in page(signed_in=False, membership=FAILED)
    assert words not in page(signed_in=True, membership=ADA)


def test_a_stranger_gets_no_form_and_no_token() -> None:
    """The page of strangers may be kept by anybody: nothing in it is one visitor's."""
    assert "csrfmiddlewaretoken" not in page()
    assert "csrfmiddlewaretoken" in page(signed_in=True, membership=ADA)


def test_whose_session_has_ended_is_offered_to_sign_in() -> None:
    assert 'href="/signin/"' in page(signed_in=True, membership=None)


@pytest.mark.parametrize("status", ["400", "403", "404", "500", "503"])
def test_an_error_page_names_the_request_and_needs_nothing_else(status: str) -> None:
    html = render_to_string(f"{status}.html", {"request_id": "abc-123"})
    assert "<code>abc-123</code>" in html
    assert "Sign in" not in html


def test_a_form_that_was_too_old_is_told_from_a_closed_door() -> None:
    old = render_to_string("403.html", {"request_id": "", "csrf": True})
    closed = render_to_string("403.html", {"request_id": ""})
    assert "too old" in old
    assert "too old" not in closed


def test_what_is_remembered_is_what_was_rendered_for_this_very_value() -> None:
    one, other = (present_home(home(arrivals=(card(n),)))["arrivals"]["books"][0] for n in (1, 2))
    partial = "storefront/_arrival.html"
    first = remembered(partial, one)
    assert first == render_to_string(partial, {"it": one})
    assert remembered(partial, other) != first
    assert remembered(partial, one) == first
    assert remembered("storefront/_book.html", one) != first
