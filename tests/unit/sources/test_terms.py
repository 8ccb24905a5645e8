"""On which terms a reply may be kept, by RFC 9111, RFC 5861 and RFC 9110."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.source import Terms
from gateway.sources.terms import MAX_ETAG, terms


def of(said: str = "", **others: str) -> Terms:
    """Return the terms of a reply with this ``Cache-Control`` and these other headers."""
    headers = [(b"Cache-Control", said.encode())] if said else []
    headers += [(name.encode(), value.encode("utf-8")) for name, value in others.items()]
    return terms(httpx.Headers(headers))


def test_a_reply_that_says_nothing_has_no_terms() -> None:
    assert of() == Terms()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("max-age=60", Terms(60.0)),
        ("max-age=60, stale-while-revalidate=30", Terms(60.0, 30.0)),
        ("max-age=60, stale-if-error=600", Terms(60.0, if_error=600.0)),
        ("stale-if-error=0, max-age=60", Terms(60.0, if_error=0.0)),
        ("Max-Age=60, Stale-If-Error=7, STALE-WHILE-REVALIDATE=8", Terms(60.0, 8.0, 7.0)),
        ("max-age=60, stale-while-revalidate", Terms(60.0)),
        ("max-age=60, stale-if-error=soon", Terms(60.0, if_error=0.0)),
        ("max-age=60, stale-while-revalidate=-1", Terms(60.0)),
        ("no-store", Terms(0.0)),
        ("no-store, stale-while-revalidate=30", Terms(0.0, 30.0)),
        ("public", Terms()),
    ],
)
def test_what_a_source_says_is_understood(said: str, expected: Terms) -> None:
    assert of(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        "max-age=60, must-revalidate",
        "max-age=60, must-revalidate, stale-if-error=600, stale-while-revalidate=30",
        "stale-if-error=600, max-age=60, Must-Revalidate",
    ],
)
def test_must_revalidate_forbids_to_show_what_is_stale(said: str) -> None:
    assert of(said) == Terms(60.0, 0.0, 0.0)


def test_the_age_that_a_reply_has_already_is_taken_off() -> None:
    assert of("max-age=60, stale-if-error=9", Age="20") == Terms(40.0, if_error=9.0)
    assert of("max-age=60", Age="61").fresh == 0.0


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', '""', '"' + "x" * (MAX_ETAG - 2) + '"'])
def test_a_name_that_can_be_sent_back_is_kept_as_it_is(etag: str) -> None:
    assert of(ETag=etag).etag == etag


@pytest.mark.parametrize(
    "etag",
    [
        "",
        "v1",
        '"',
        '"v1',
        "*",
        '"é"',
        '"a\tb"',
        '"a\x00"',
        '"a\r\nX-Evil: 1"',
        '"' + "x" * (MAX_ETAG - 1) + '"',
    ],
)
def test_a_name_that_could_not_be_sent_back_is_passed_over(etag: str) -> None:
    assert of(ETag=etag).etag is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_whatever_is_said_gives_bounded_terms(said: str) -> None:
    for found in (of(said), of("stale-if-error=" + said), of("max-age=" + said, Age=said)):
        assert found.fresh is None or 0.0 <= found.fresh <= 2**31
        assert found.if_error is None or 0.0 <= found.if_error <= 2**31
        assert 0.0 <= found.while_revalidate <= 2**31


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_whatever_a_name_is_it_can_be_sent_back_or_is_none(etag: str) -> None:
    kept = of(ETag=etag).etag
    if kept is not None:
        sent = httpx.Request("GET", "http://promo.test/", headers={"If-None-Match": kept})
        assert sent.headers["If-None-Match"] == kept
