"""The headers that say what a page is made of, for compositions of every kind."""

import pytest

from gateway.aggregation.compose import Composition, Failed, Outcome
from gateway.aggregation.errors import SourceRefused, SourceTimeout
from gateway.aggregation.source import REVALIDATING, Reply, State
from gateway.web.provenance import cache_control, is_being_mended, provenance
from tests.unit.web.fields import Item, boolean, listed, timings

LIVE = Reply("value")


def page(**outcomes: Outcome) -> Composition:
    return Composition("home", outcomes, dict.fromkeys(outcomes, 0.0412), 0.044)


def lasting(seconds: float | None, state: State = State.LIVE) -> Reply:
    return Reply("value", state=state, lifetime=seconds)


def status(**outcomes: Outcome) -> dict[str, Item]:
    return listed(provenance(page(**outcomes))["Fragment-Status"])


def test_each_fragment_has_its_state_in_the_order_of_the_page() -> None:
    stale = Reply("value", state=State.STALE, age=12.9, reason="timeout")
    found = status(promo=LIVE, recco=stale, membership=Failed(SourceRefused("membership")))
    assert list(found) == ["promo", "recco", "membership"]
    assert found["promo"].parameters == {"state": "live"}
    assert found["recco"].parameters == {"state": "stale", "age": 12, "reason": "timeout"}
    assert found["membership"].parameters == {"state": "failed", "reason": "refused"}


def test_a_fallback_has_a_reason_and_no_age() -> None:
    found = status(promo=Reply("value", state=State.FALLBACK, reason="timeout"))
    assert found["promo"].parameters == {"state": "fallback", "reason": "timeout"}


@pytest.mark.parametrize("age", [-3.0, 0.0, 0.4])
def test_an_age_is_never_negative(age: float) -> None:
    found = status(promo=Reply("value", state=State.FRESH, age=age))
    assert found["promo"].parameters["age"] == 0


@pytest.mark.parametrize(
    ("outcome", "whole"),
    [
        (LIVE, True),
        (Reply("value", state=State.FRESH, age=1), True),
        (Reply("value", state=State.STALE, age=1, reason="timeout"), False),
        (Reply("value", state=State.FALLBACK, reason="timeout"), False),
        (Failed(SourceTimeout("promo")), False),
    ],
)
def test_a_page_is_complete_if_all_is_live_or_fresh(outcome: Outcome, whole: bool) -> None:
    composed = page(recco=LIVE, promo=outcome)
    assert boolean(provenance(composed)["Gateway-Complete"]) is whole


def test_each_fragment_and_the_page_have_their_milliseconds() -> None:
    found = timings(provenance(page(promo=LIVE, recco=Failed(SourceTimeout("r"))))["Server-Timing"])
    assert list(found) == ["promo", "recco", "page"]
    assert found["promo"].parameters == {"dur": 41.2, "desc": "live"}
    assert found["recco"].parameters == {"dur": 41.2, "desc": "failed"}
    assert found["page"].parameters == {"dur": 44.0}


def test_what_is_no_token_cannot_break_a_header() -> None:
    """Names and reasons are ours, but a header must stay one whatever they are."""
    evil = Reply("value", state=State.FALLBACK, reason='a\r\nX: "b", c;d=e')
    headers = provenance(Composition("home", {"pro mo,": evil}, {"pro mo,": 0.0}, 0.0))
    assert not any(sign in value for value in headers.values() for sign in "\r\n")
    assert len(listed(headers["Fragment-Status"])) == 1
    assert len(timings(headers["Server-Timing"])) == 2


@pytest.mark.parametrize(
    ("lifetimes", "expected"),
    [
        ((60, 300), "public, max-age=60, stale-while-revalidate=30, stale-if-error=300"),
        ((5.9,), "public, max-age=5, stale-while-revalidate=5, stale-if-error=300"),
        ((60, None), "public, max-age=0"),
        (
            (10_000_000,),
            "public, max-age=3600, stale-while-revalidate=30, stale-if-error=300",
        ),
        ((0.5,), "public, max-age=0"),
        ((), "public, max-age=0"),
    ],
)
def test_a_page_lives_no_longer_than_its_shortest_fragment(
    lifetimes: tuple[float | None, ...], expected: str
) -> None:
    outcomes = {f"f{number}": lasting(seconds) for number, seconds in enumerate(lifetimes)}
    assert cache_control(page(**outcomes), personal=False) == expected


def test_a_personal_page_is_nobodys_to_keep() -> None:
    assert cache_control(page(promo=lasting(60)), personal=True) == "no-store"


def test_an_incomplete_page_is_nobodys_to_keep() -> None:
    stale = lasting(60, State.STALE)
    assert cache_control(page(promo=lasting(60), recco=stale), personal=False) == "no-store"


@pytest.mark.parametrize(
    ("outcome", "mended"),
    [
        (Reply("value", state=State.STALE, age=1, reason=REVALIDATING), True),
        (Reply("value", state=State.FRESH, age=1), True),
        (Reply("value", state=State.STALE, age=1, reason="timeout"), False),
        (Reply("value", state=State.FALLBACK, reason="timeout"), False),
        (LIVE, False),
        (Failed(SourceTimeout("promo")), False),
    ],
)
def test_a_page_is_being_mended_if_all_it_lacks_is_a_refresh(
    outcome: Outcome, mended: bool
) -> None:
    fresh = Reply("value", state=State.FRESH, age=1)
    assert is_being_mended(page(recco=fresh, promo=outcome)) is mended
