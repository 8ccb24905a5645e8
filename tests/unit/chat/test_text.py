"""What may be said: any script, no tricks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.text import TRICKS, can_be_seen, cleaned, one_line

SCRIPTS = (
    "Grüße, naïve façade",
    "Привет, мир",
    "你好,世界",
    "مرحبا بالعالم",
    "שלום עולם",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "می‌خواهم",  # with a zero-width non-joiner, which Persian needs
    "👩‍👩‍👧 🏳️‍🌈",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "e\u0301",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_any_script_stays_as_it_is(text: str) -> None:
    assert cleaned(text) == text
    assert can_be_seen(text)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\0b\x07c\x1b[31m\x7f", "abc[31m"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("\u2066a\u2069\ufeff", "a"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("a\tb", "a b"),
        ("a  \n\n\n\n\n  b", "a\n\n  b"),
        ("  \n a \n ", "a"),
        ("\u200e(a)\u200f", "\u200e(a)\u200f"),
    ],
)
def test_tricks_are_taken_out(given: str, kept: str) -> None:
    assert cleaned(given) == kept


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u200d\u200d", "\u0301", "\u3164", "\u2800"])
def test_what_nobody_can_see_is_nothing(text: str) -> None:
    assert not can_be_seen(cleaned(text))


@given(st.text())
def test_nothing_harmful_is_left_whatever_comes(text: str) -> None:
    kept = cleaned(text)
    assert not TRICKS & set(kept)
    assert all(unicodedata.category(sign) != "Cc" or sign == "\n" for sign in kept)
    assert cleaned(kept) == kept
    assert len(kept) <= len(text)


def test_a_name_has_one_line() -> None:
    assert one_line(" Ada\r\nLovelace\u202e ") == "Ada Lovelace"
