"""For how long a reply may be kept, by RFC 9111."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.lifetime import lifetime_seconds


def lifetime(*said: str, age: str | None = None) -> float | None:
    headers = [(b"Cache-Control", each.encode()) for each in said]
    if age is not None:
        headers.append((b"Age", age.encode()))
    return lifetime_seconds(httpx.Headers(headers))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("max-age=60", 60.0),
        ("public, max-age=60", 60.0),
        ("private, max-age=60", 60.0),
        ("MAX-AGE=60", 60.0),
        (' max-age="60" ,public', 60.0),
        ("max-age=060", 60.0),
        ("max-age=0000000000000060", 60.0),
        ("max-age=0", 0.0),
        ("max-age=60, max-age=5", 60.0),  # 4.2.1: the first one counts
        ("no-store", 0.0),
        ("no-cache", 0.0),
        ("No-Store, max-age=60", 0.0),
        ("max-age=60, no-cache", 0.0),
        ('no-cache="Set-Cookie", max-age=60', 0.0),
        ("max-age", 0.0),  # 4.2.1: what cannot be read counts as stale
        ("max-age=", 0.0),
        ("max-age=-1", 0.0),
        ("max-age=1.5", 0.0),
        ("max-age=ten", 0.0),
        ("max-age=٣", 0.0),
        ("max-age=" + "9" * 5_000, 2.0**31),
        ("public", None),
        ("s-maxage", None),
        ("", None),
        (",,=,;", None),
        ("x-no-store, not-max-age=60", None),
    ],
)
def test_what_a_source_says_is_understood(said: str, seconds: float | None) -> None:
    assert lifetime(said) == seconds


def test_a_source_that_says_nothing_has_said_nothing() -> None:
    assert lifetime() is None
    assert lifetime(age="5") is None


def test_directives_may_be_spread_over_several_headers() -> None:
    assert lifetime("public", "max-age=60") == 60.0
    assert lifetime("max-age=60", "no-store") == 0.0


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("0", 60.0), ("20", 40.0), ("60", 0.0), ("99999", 0.0), ("-5", 60.0), ("old", 60.0)],
)
def test_the_age_that_a_reply_has_already_is_taken_off(age: str, seconds: float) -> None:
    assert lifetime("max-age=60", age=age) == seconds


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_is_said_gives_a_bounded_number_or_none(said: str) -> None:
    for seconds in (lifetime(said), lifetime(said, age=said), lifetime("max-age=" + said)):
        assert seconds is None or 0.0 <= seconds <= 2**31


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 20))
def test_age_and_lifetime_add_up(most: int, age: int, zeros: int) -> None:
    """Up to the greatest number that is told apart (RFC 9111, 1.2.2)."""
    expected = max(0, min(most, 2**31) - min(age, 2**31))
    assert lifetime(f"max-age={'0' * zeros}{most}", age=str(age)) == (
        expected if most < 10**12 and age < 10**12 else pytest.approx(expected)
    )


@given(st.permutations(["no-store", "max-age=60", "public", "private", "must-revalidate"]))
def test_what_forbids_keeping_does_so_wherever_it_stands(directives: list[str]) -> None:
    assert lifetime(", ".join(directives)) == 0.0
