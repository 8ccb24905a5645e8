"""Failures that come again at once are remembered for a moment, and hide nothing better."""

import asyncio
import gc
import weakref

import pytest

from gateway.aggregation.errors import (
    BadContentType,
    BadPayload,
    BadProtocol,
    BadStatus,
    BulkheadFull,
    CircuitOpen,
    FaultInjected,
    ReplyTooLarge,
    SourceCrashed,
    SourceDisconnected,
    SourceError,
    SourceRefused,
    SourceTimeout,
)
from gateway.aggregation.events import NegativeHit
from gateway.aggregation.negative import MOST, MOST_SECONDS, Negatives
from gateway.aggregation.source import State
from tests.fakes import VirtualClock
from tests.unit.engine.keeping import FRESH_SECONDS, NEGATIVE_SECONDS, Kept

COMES_AGAIN = [
    BadStatus("promo", 404),
    BadStatus("promo", 500),
    BadContentType("promo"),
    BadPayload("promo", "no list"),
    BadProtocol("promo"),
    ReplyTooLarge("promo"),
]
MAY_PASS = [
    SourceTimeout("promo"),
    SourceRefused("promo"),
    SourceDisconnected("promo"),
    CircuitOpen("promo"),
    BulkheadFull("promo"),
    FaultInjected("promo"),
    SourceCrashed("promo"),
]


def kind(error: object) -> str:
    return type(error).__name__


@pytest.mark.parametrize("error", COMES_AGAIN, ids=kind)
def test_an_answer_that_cannot_be_used_is_remembered(error: SourceError) -> None:
    negatives = Negatives(0.5)
    negatives.note("key", error, 100.0)
    found = negatives.find("key", 100.499)
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)
    assert negatives.find("key", 100.5) is None
    assert negatives.find("other", 100.0) is None


@pytest.mark.parametrize("error", MAY_PASS, ids=kind)
def test_what_may_work_the_next_time_is_not_remembered(error: SourceError) -> None:
    negatives = Negatives(0.5)
    negatives.note("key", error, 100.0)
    assert negatives.find("key", 100.0) is None


@pytest.mark.parametrize(
    ("asked", "stands"), [(None, 0.5), (0.1, 0.5), (3.0, 3.0), (1e9, MOST_SECONDS)]
)
def test_a_retry_after_is_obeyed_within_our_bound(asked: float | None, stands: float) -> None:
    negatives = Negatives(0.5)
    negatives.note("key", BadStatus("promo", 503, asked), 0.0)
    assert negatives.find("key", stands - 0.001) is not None
    assert negatives.find("key", stands) is None


def test_zero_seconds_switch_it_off() -> None:
    negatives = Negatives(0.0)
    negatives.note("key", BadStatus("promo", 503, 3.0), 0.0)
    assert negatives.find("key", 0.0) is None


def test_no_more_are_remembered_than_may_be_and_the_oldest_go_first() -> None:
    negatives = Negatives(0.5)
    for number in range(MOST):
        negatives.note(str(number), BadPayload("promo"), 0.0)
    negatives.note("0", BadPayload("promo"), 0.0)
    negatives.note("one more", BadPayload("promo"), 0.0)
    assert negatives.find("1", 0.0) is None
    assert negatives.find("0", 0.0) is not None
    assert negatives.find("one more", 0.0) is not None


class Body(bytearray):
    """A reply of many bytes, of which one can tell whether it is still there."""


def test_a_remembered_failure_keeps_no_reply_in_memory() -> None:
    """A traceback holds every frame that it went through, and what lay in them."""
    negatives = Negatives(60.0)

    def failing() -> "weakref.ref[Body]":
        body = Body(1000)
        try:
            raise BadPayload("promo", f"{len(body)} bytes")
        except BadPayload as error:
            negatives.note("key", error, 0.0)
        return weakref.ref(body)

    body = failing()
    gc.collect()
    assert negatives.find("key", 0.0) is not None
    assert body() is None


def test_each_who_meets_it_gets_an_error_of_its_own() -> None:
    """One that is raised again and again would grow a longer traceback each time."""
    negatives = Negatives(60.0)
    negatives.note("key", BadPayload("promo"), 0.0)
    assert negatives.find("key", 0.0) is not negatives.find("key", 0.0)


# ---- in the stack


async def test_a_source_that_answers_badly_is_not_asked_again_at_once(clock: VirtualClock) -> None:
    kept = Kept(clock)
    kept.inner.raises = BadStatus("promo", 500)
    for _ in range(5):
        with pytest.raises(BadStatus):
            await kept.ask()
    assert len(kept.calls) == 1
    assert kept.told.of(NegativeHit) == [NegativeHit("promo", "status")] * 4
    await asyncio.sleep(NEGATIVE_SECONDS)
    kept.inner.raises = None
    assert (await kept.ask()).state is State.LIVE


async def test_a_failure_is_remembered_for_its_own_question_alone(clock: VirtualClock) -> None:
    kept = Kept(clock)
    kept.inner.raises = BadStatus("promo", 404)
    with pytest.raises(BadStatus):
        await kept.ask(member=1)
    kept.inner.raises = None
    assert (await kept.ask(member=2)).state is State.LIVE


async def test_a_remembered_failure_never_hides_what_is_stale(clock: VirtualClock) -> None:
    kept = Kept(clock)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS)
    kept.inner.raises = BadStatus("promo", 503, 3.0)
    replies = [await kept.ask() for _ in range(3)]
    assert {(reply.value, reply.state, reply.reason) for reply in replies} == {
        ("said", State.STALE, "status")
    }
    assert len(kept.calls) == 2


async def test_a_remembered_failure_never_hides_what_another_gateway_was_told(
    clock: VirtualClock,
) -> None:
    here, there = Kept(clock), Kept(clock)
    there.cache = here.cache
    here.inner.raises = BadStatus("promo", 500)
    with pytest.raises(BadStatus):
        await here.ask()
    await there.ask()
    assert (await here.ask()).state is State.FRESH


async def test_a_wall_clock_that_is_set_back_makes_no_failure_last(clock: VirtualClock) -> None:
    kept = Kept(clock)
    kept.inner.raises = BadStatus("promo", 500)
    with pytest.raises(BadStatus):
        await kept.ask()
    clock.wall_offset -= 3600
    await asyncio.sleep(NEGATIVE_SECONDS)
    kept.inner.raises = None
    assert (await kept.ask()).state is State.LIVE
