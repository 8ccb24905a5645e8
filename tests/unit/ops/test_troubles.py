"""Troubles have a beginning, a reason and an end, and are told once each."""

from typing import Any

import pytest

from gateway.aggregation.errors import (
    BadPayload,
    SourceCrashed,
    SourceRefused,
    SourceRejected,
    SourceTimeout,
)
from gateway.aggregation.events import (
    BreakerClosed,
    BreakerOpened,
    CallFailed,
    CallsRecovered,
    FallbackServed,
    SourceFailed,
    StaleServed,
)
from gateway.telemetry.troubles import (
    CALM_SECONDS,
    MOST_DETAIL,
    MOST_ERRORS,
    Troubles,
    detail_of,
)
from tests.fakes import VirtualClock

Log = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def log() -> Log:
    return []


@pytest.fixture
def troubles(clock: VirtualClock, log: Log) -> Troubles:
    return Troubles(lambda event, **fields: log.append((event, fields)), clock.wall)


def refused() -> CallFailed:
    return CallFailed("promo", "refused", 0.0, SourceRefused("promo", "ConnectionRefusedError"))


def timed_out() -> CallFailed:
    return CallFailed("promo", "timeout", 0.4, SourceTimeout("promo", "nothing within 0.4 s"))


def test_a_source_that_is_well_is_in_no_trouble(troubles: Troubles) -> None:
    assert troubles.trouble_of("promo") is None


def test_a_trouble_lasts_from_its_first_failure(
    troubles: Troubles, clock: VirtualClock, log: Log
) -> None:
    began = clock.wall()
    for _ in range(3):
        troubles(refused())
        clock.advance(10)
    trouble = troubles.trouble_of("promo")
    assert trouble is not None
    assert (trouble.reason, trouble.since, trouble.failures) == ("refused", began, 3)
    assert trouble.last == began + 20
    fields = {"source": "promo", "reason": "refused", "detail": "ConnectionRefusedError"}
    assert log == [("source.trouble", fields)]


def test_another_reason_is_told_and_keeps_the_beginning(
    troubles: Troubles, clock: VirtualClock, log: Log
) -> None:
    began = clock.wall()
    troubles(refused())
    clock.advance(5)
    troubles(timed_out())
    trouble = troubles.trouble_of("promo")
    assert trouble is not None
    assert (trouble.since, trouble.reason_since) == (began, began + 5)
    assert [fields["reason"] for _, fields in log] == ["refused", "timeout"]


def test_it_is_over_when_the_source_has_been_well_for_a_while(
    troubles: Troubles, clock: VirtualClock, log: Log
) -> None:
    troubles(refused())
    clock.advance(60)
    troubles(CallsRecovered("promo"))
    assert troubles.trouble_of("promo") is not None
    assert log[-1] == ("source.recovered", {"source": "promo", "failures": 1, "seconds": 60.0})
    clock.advance(CALM_SECONDS)
    assert troubles.trouble_of("promo") is None


def test_one_that_comes_back_at_once_is_the_same(
    troubles: Troubles, clock: VirtualClock, log: Log
) -> None:
    """A source that flaps is one trouble, and no line in the log for each time."""
    began = clock.wall()
    for _ in range(5):
        troubles(refused())
        troubles(CallsRecovered("promo"))
        clock.advance(5)
    trouble = troubles.trouble_of("promo")
    assert trouble is not None
    assert (trouble.since, trouble.failures) == (began, 5)
    assert [event for event, _ in log].count("source.trouble") == 1


def test_a_new_one_begins_after_a_calm(troubles: Troubles, clock: VirtualClock) -> None:
    troubles(refused())
    troubles(CallsRecovered("promo"))
    clock.advance(CALM_SECONDS + 1)
    troubles(refused())
    trouble = troubles.trouble_of("promo")
    assert trouble is not None
    assert (trouble.since, trouble.failures) == (clock.wall(), 1)


def test_failures_of_one_kind_are_one_line_and_few_lines_are_kept(troubles: Troubles) -> None:
    for _ in range(40):
        troubles(refused())
    for number in range(2 * MOST_ERRORS):
        error = BadPayload("promo", f"at $.banners[{number}]")
        troubles(CallFailed("promo", "payload", 0.1, error))
    noted = troubles.sources["promo"].errors
    assert len(noted) == MOST_ERRORS
    troubles(refused())
    troubles(refused())
    assert (noted[-1].kind, noted[-1].times) == ("SourceRefused", 2)


def test_what_visitors_are_shown_meanwhile_is_known(
    troubles: Troubles, clock: VirtualClock
) -> None:
    troubles(StaleServed("promo", "refused", 90.0))
    story = troubles.sources["promo"]
    assert (story.shown, story.said_at) == ("stale", clock.wall() - 90)
    troubles(FallbackServed("promo", "refused", SourceRefused("promo")))
    assert story.shown == "fallback"
    troubles(SourceFailed("promo", "refused", 0.0, SourceRefused("promo")))
    assert story.shown == "nothing"


def test_what_is_shown_while_it_is_refreshed_is_no_trouble(troubles: Troubles) -> None:
    troubles(StaleServed("promo", "revalidating", 5.0))
    assert troubles.sources == {}


def test_an_outage_begins_where_the_breaker_first_opened(
    troubles: Troubles, clock: VirtualClock
) -> None:
    began = clock.wall()
    troubles(BreakerOpened("api", "failures", 1.0))
    clock.advance(3)
    troubles(BreakerOpened("api", "probe", 1.25))
    assert (troubles.breakers["api"].since, troubles.breakers["api"].cause) == (began, "failures")
    troubles(BreakerClosed("api"))
    troubles(BreakerClosed("api"))
    assert troubles.breakers == {}


def test_a_fault_of_ours_is_noted_with_its_kind_alone(troubles: Troubles) -> None:
    error = SourceCrashed("promo", "KeyError('ada@example.com')")
    error.__cause__ = KeyError("ada@example.com")
    troubles(SourceFailed("promo", "crashed", 0.0, error))
    (noted,) = troubles.sources["promo"].errors
    assert (noted.kind, noted.detail) == ("SourceCrashed", "KeyError")


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (BadPayload("p", "line\r\nbreak\x1b[31m\x00"), "line  break [31m "),
        (BadPayload("p", "x" * 1000), "x" * MOST_DETAIL),
        (SourceRejected("p", 'invalid: "ada@example.com"'), "SourceRejected"),
        (ValueError("ada@example.com"), "ValueError"),
        (SourceTimeout("p"), ""),
    ],
)
def test_a_detail_is_short_on_one_line_and_nobodys_own(error: Exception, detail: str) -> None:
    assert detail_of(error) == detail
