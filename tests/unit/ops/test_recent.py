"""What happened of late is counted in steps, bounded, and cheap to look at."""

import math

import pytest

from gateway.aggregation.events import (
    BulkheadRefused,
    CacheFailed,
    CacheHit,
    CacheMissed,
    CallFailed,
    CallHedged,
    CallRetried,
    PageComposed,
    SourceFailed,
    SourceReplied,
)
from gateway.aggregation.source import State
from gateway.telemetry.recent import BOUNDS, STEP_SECONDS, STEPS, Count, Recent, Step
from tests.fakes import VirtualClock

MINUTE = int(60 / STEP_SECONDS)


@pytest.fixture
def recent(clock: VirtualClock) -> Recent:
    return Recent(clock.time)


def replied(seconds: float, state: State = State.LIVE, reason: str | None = None) -> SourceReplied:
    return SourceReplied("promo", state, seconds, reason)


def test_each_fact_is_counted_under_its_source(recent: Recent) -> None:
    error = ValueError()
    for event in (
        replied(0.1),
        replied(0.0, State.FRESH),
        replied(0.4, State.STALE, "timeout"),
        SourceReplied("recco", State.FALLBACK, 0.1, "refused"),
        SourceFailed("books", "open", 0.0, error),
        CacheHit("promo", 1.0),
        CacheMissed("promo"),
        CallRetried("promo", "refused", 0.0),
        CallHedged("promo", 0.1),
        CallFailed("promo", "timeout", 0.4, error),
        BulkheadRefused("promo", "full", 0.0),
    ):
        recent(event)
    promo = recent.sources["promo"].together(recent.now, MINUTE)
    counted = {count: promo.counts[count] for count in Count if promo.counts[count]}
    assert set(counted.values()) == {1}
    assert set(counted) == set(Count) - {Count.FALLBACK, Count.FAILED, Count.ABANDONED}
    assert promo.reasons == {"timeout": 1, "full": 1}
    assert recent.sources["recco"].together(recent.now, 1).counts[Count.FALLBACK] == 1
    assert recent.sources["books"].together(recent.now, 1).reasons == {"open": 1}


def test_the_door_is_no_source(recent: Recent) -> None:
    recent(BulkheadRefused("door", "full", 0.0, calls=30))
    recent(BulkheadRefused("door", "late", 0.5))
    assert recent.sources == {}
    door = recent.door.together(recent.now, 1)
    assert (door.counts[Count.REFUSED], door.reasons) == (31, {"full": 30, "late": 1})


def test_pages_and_redis_have_lines_of_their_own(recent: Recent) -> None:
    recent(PageComposed("home", True, 0.02))
    recent(PageComposed("home", False, 0.5))
    recent(CacheFailed("promo", "get", "refused", OSError()))
    pages = recent.pages.together(recent.now, 1)
    assert (pages.counts[Count.LIVE], pages.counts[Count.STALE], sum(pages.times)) == (1, 1, 2)
    assert recent.cache.together(recent.now, 1).reasons == {"refused": 1}


@pytest.mark.parametrize("reason", ["open", "off", "full", "revalidating"])
def test_a_call_that_asked_nobody_says_nothing_of_how_long_an_answer_takes(
    recent: Recent, reason: str
) -> None:
    recent(replied(0.0, State.STALE, reason))
    recent(SourceFailed("promo", reason, 0.0, ValueError()))
    recent(replied(0.0, State.FRESH))
    recent(replied(0.0))  # at hand, as for a stranger who has no membership to be asked for
    assert sum(recent.sources["promo"].together(recent.now, 1).times) == 0


def test_what_is_older_than_the_steps_is_forgotten(recent: Recent, clock: VirtualClock) -> None:
    recent(replied(0.1))
    line = recent.sources["promo"]
    clock.advance(STEP_SECONDS * (STEPS - 1))
    assert line.together(recent.now, STEPS).calls == 1
    clock.advance(STEP_SECONDS)
    assert line.together(recent.now, STEPS).calls == 0
    recent(replied(0.1))  # it takes the place of the one from before
    assert line.together(recent.now, STEPS).calls == 1
    assert [step.calls if step else 0 for step in line.steps(recent.now)] == [0] * 119 + [1]


def test_a_source_holds_no_more_than_its_steps_however_long_it_runs(
    recent: Recent, clock: VirtualClock
) -> None:
    for _ in range(3 * STEPS):
        recent(replied(0.1))
        clock.advance(STEP_SECONDS)
    assert len(recent.sources["promo"]._ring) == STEPS


@pytest.mark.parametrize(
    ("seconds", "share", "expected"),
    [
        ([0.1] * 100, 0.5, 0.1),
        ([0.01] * 95 + [0.4] * 5, 0.95, 0.01),
        ([0.01] * 90 + [0.39] * 10, 0.95, 0.4),
        ([60.0], 0.5, BOUNDS[-1]),
        ([0.0001], 0.99, 0.001),
    ],
)
def test_a_percentile_is_right_within_its_bounds(
    recent: Recent, seconds: list[float], share: float, expected: float
) -> None:
    for each in seconds:
        recent(replied(each))
    found = recent.sources["promo"].together(recent.now, 1).quantile(share)
    assert found is not None
    above = min(bound for bound in BOUNDS if bound >= expected)
    below = max((bound for bound in BOUNDS if bound < above), default=0.0)
    assert below <= found <= above


def test_where_nothing_was_timed_there_is_no_percentile() -> None:
    assert Step().quantile(0.5) is None


def test_the_percentile_of_a_step_that_is_over_is_reckoned_once(
    recent: Recent, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent(replied(0.1))
    step = recent.sources["promo"].at(recent.now)
    running = step.p95(recent.now)
    recent(replied(1.0))
    assert running != step.p95(recent.now)
    clock.advance(STEP_SECONDS)
    over = step.p95(recent.now)
    monkeypatch.setattr(Step, "quantile", lambda *_: math.nan)
    assert step.p95(recent.now) == over


def test_a_rate_is_by_the_time_that_there_was(recent: Recent, clock: VirtualClock) -> None:
    assert recent.covered(60) == 1.0
    clock.advance(20)
    assert recent.covered(60) == pytest.approx(20)
    clock.advance(600)
    assert 55 <= recent.covered(60) <= 60
