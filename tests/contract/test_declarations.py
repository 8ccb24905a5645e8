"""One declaration drives all: the schema, the page of documentation, the check of fallbacks."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.apps import apps
from jsonschema import Draft202012Validator

from gateway.contracts import services
from gateway.contracts.anatomy import fields, schema
from gateway.contracts.checks import complaint, declarations, fallbacks_fulfil_their_types
from gateway.contracts.document import BEGIN, END, judged, written
from gateway.contracts.services import CONTRACTS, PROMOTIONS, Contract
from gateway.contracts.units import (
    bad_currency,
    bad_link,
    bad_money,
    looks_like_cents,
    wrong_check_digit,
)
from gateway.sources.declaration import Declaration
from gateway.storefront.payloads import Banner, Promotions
from tests.contract.foreign import CORRECT, Asked
from tests.contract.own import REPOSITORY

PAGE = REPOSITORY / "docs" / "contracts.md"
QUERY = {"promo": {"on": "2026-11-20"}, "recco": {"member_id": "42", "limit": "3"}}


def test_the_documentation_is_what_the_declarations_say() -> None:
    assert judged(PAGE) == ""


def test_a_page_that_is_out_of_date_is_told(tmp_path: Path) -> None:
    page = tmp_path / "contracts.md"
    assert "is not there" in judged(page)
    page.write_text(written(page).replace("banners[].headline", "banners[].title"))
    assert "is not what the declarations say" in judged(page)


def test_what_is_written_by_hand_stays(tmp_path: Path) -> None:
    page = tmp_path / "contracts.md"
    page.write_text(f"old\n{BEGIN}\n## Versions\n\nOurs.\n{END}\n")
    assert "\n## Versions\n\nOurs.\n" in written(page)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
def test_the_page_names_every_field_and_what_it_is_needed_for(contract: Contract) -> None:
    text = written(PAGE)
    for field in fields(contract.endpoint.payload):
        assert f"| `{field.path}` |" in text
        assert field.kind.part, f"{field.path} does not say what it is for"
        assert field.kind.without or not field.forgiven, f"{field.path}: what without it?"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
@pytest.mark.parametrize("style", CORRECT)
def test_the_schema_takes_what_correct_services_say(contract: Contract, style: str) -> None:
    service = CORRECT[style][CONTRACTS.index(contract)]
    said = service(Asked("GET", contract.endpoint.path, QUERY[contract.name]))
    validator = Draft202012Validator(schema(contract.endpoint.payload))
    assert list(validator.iter_errors(json.loads(said.sent))) == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
def test_the_schema_requires_what_is_owed(contract: Contract) -> None:
    described = schema(contract.endpoint.payload)["$defs"]
    owed = {each.name for each in fields(contract.endpoint.payload) if each.kind.owed}
    assert {name for struct in described.values() for name in struct["required"]} == owed


def test_every_source_with_a_fallback_is_checked() -> None:
    names = {each.name for each in declarations()}
    assert names >= {"promo", "recco", "membership", "arrivals"}
    assert list(fallbacks_fulfil_their_types()) == []


@pytest.mark.parametrize(
    ("fallback", "field"),
    [
        (Promotions(on=date.min, campaign=None, banners=(Banner("", "Sale", "/"),)), "banners[0]"),
        (Promotions(on="today", campaign=None, banners=()), "on"),  # type: ignore[arg-type]
        ({"on": "2026-11-20", "banners": []}, "campaign"),
        (None, "null"),
    ],
    ids=["an empty name", "a day in words", "a field left out", "nothing"],
)
def test_a_fallback_that_breaks_its_contract_is_told_with_source_and_field(
    fallback: Any, field: str
) -> None:
    declared = Declaration(name="promo", payload=Promotions, timeout="", fallback=fallback)
    said = complaint(declared)
    assert "'promo'" in said
    assert field in said


def test_a_bad_fallback_of_a_service_ends_the_start_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = replace(PROMOTIONS.endpoint, fallback=Promotions(on=date.min, campaign=7, banners=()))  # type: ignore[arg-type]
    monkeypatch.setattr(services, "CONTRACTS", (replace(PROMOTIONS, endpoint=bad),))
    with pytest.raises(SystemExit, match=r"'promo'.*campaign"):
        apps.get_app_config("contracts").ready()


def test_a_source_without_a_fallback_has_nothing_to_check() -> None:
    declared = Declaration(name="promo", payload=Promotions, timeout="")
    assert declared.fallback is msgspec.UNSET
    assert complaint(declared) == ""


@pytest.mark.parametrize(
    ("complained", "fine"),
    [
        (bad_currency, ["EUR", "JPY", "CHF", "XOF"]),
        (bad_money, ["0", "8.9", "8.99", "100000.00"]),
        (bad_link, ["", "/", "/a?b=c#d", "http://a.example", "HTTPS://a.example/ü"]),
        (wrong_check_digit, ["9780141439518", "9791234567896"]),
        (lambda amount: looks_like_cents(amount, "EUR"), ["8.99", "12", "99", "120.00"]),
        (lambda amount: looks_like_cents(amount, "JPY"), ["899", "120000"]),
        (lambda amount: looks_like_cents(amount, "SEK"), ["199"]),
    ],
)  # fmt: skip
def test_what_is_in_its_unit_is_taken(complained: Any, fine: list[str]) -> None:
    assert [said for each in fine if (said := complained(each))] == []


@pytest.mark.parametrize(
    ("complained", "wrong"),
    [
        (bad_currency, ["euro", "eur", "XXX", "XTS", "ABC", "DEM", "€", ""]),
        (bad_money, ["", "8,99", "NaN", "Infinity", "8.99 EUR"]),
        (
            bad_link,
            ["javascript:alert(1)", "data:text/html,x", "books/", "/ a", "/a\n", "/\\a", "?a"],
        ),
        (wrong_check_digit, ["9780141439519"]),
        (lambda amount: looks_like_cents(amount, "EUR"), ["899", "1049", "100"]),
    ],
)
def test_what_is_in_another_unit_is_complained_of(complained: Any, wrong: list[str]) -> None:
    assert all(complained(each) for each in wrong)
