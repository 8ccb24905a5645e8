"""Addresses and names, as people type them."""

import pytest
from django.core.exceptions import ValidationError

from gateway.members.wording import (
    avatar_hash,
    judged_address,
    judged_name,
    name_for_mail,
    normalized,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("o'neill+books@example.co.uk", "o'neill+books@example.co.uk"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert judged_address(typed) == kept
    assert normalized(typed) == kept


def test_an_address_may_be_as_long_as_addresses_are() -> None:
    domain = ".".join(["d" * 63, "e" * 63, "f" * 57, "com"])
    longest = f"{'x' * 64}@{domain}"
    assert len(longest) == 254
    assert judged_address(longest) == longest
    for longer in (f"{'x' * 65}@example.com", f"{'x' * 64}@y{domain[:-1]}mm"):
        with pytest.raises(ValidationError, match="longer"):
            judged_address(longer)


def test_what_is_no_address_at_all_stays_as_it_is() -> None:
    for word in ("", "@", "x", "@@", "a@é..", "a@" + "é" * 500):
        assert normalized(word) == word


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "O’Neill",
        "Jean-Luc",
        "J. R. R. Tolkien",
        "محمد",
        "李小龙",
        "नीरज",
        "می‌خواهم",
        "👩‍🚀 1",
    ],
)
def test_a_name_is_of_any_script(name: str) -> None:
    assert judged_name(f"  {name}   ") == name


def test_spaces_in_a_name_become_single() -> None:
    assert judged_name(" Ada    Lovelace ") == "Ada Lovelace"


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\rb", "a\tb", "a\x00b", "a\x7fb", "a\u2028b", "a\u202eb", "a\u2066b", "a\ud800b"],
)
def test_what_cannot_be_written_is_no_part_of_a_name(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be written"):
        judged_name(name)


@pytest.mark.parametrize("name", ["", " ", "\u200d", "...", "\u0301"])
def test_a_name_has_letters(name: str) -> None:
    with pytest.raises(ValidationError, match="has letters"):
        judged_name(name)


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "O’Neill", "नीरज", "Ž. Škėlė", "李小龙"])
def test_a_name_of_letters_goes_into_a_mail(name: str) -> None:
    assert name_for_mail(name) == name


@pytest.mark.parametrize(
    "name",
    ["evil.example", "see http://x", "Win 1000", "a@b", "<b>", "www.x.y", "a/b", "Ada, call 555"],
)
def test_a_name_that_may_be_a_message_does_not(name: str) -> None:
    assert name_for_mail(name) == ""


def test_the_avatar_service_knows_an_address_by_its_hash() -> None:
    known_as = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"
    assert avatar_hash(" Ada@Example.com ") == known_as
