import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import (
    BadPayload,
    BadStatus,
    BulkheadFull,
    CircuitOpen,
    SourceDisconnected,
    SourceError,
    SourceRefused,
)
from gateway.aggregation.events import CallRetried, RetryRefused
from gateway.aggregation.policies.retry import retry
from gateway.aggregation.retrying import Retrying
from gateway.aggregation.source import Call, Reply, Source, stack
from tests.fakes import FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in
from tests.unit.engine.resilience import known


@dataclass
class Script:
    """A source that raises one error after the other, and then answers."""

    errors: list[Exception]
    asked_at: list[float] = field(default_factory=list)

    async def __call__(self, call: Call) -> Reply:
        self.asked_at.append(call.deadline.clock())
        if self.errors:
            raise self.errors.pop(0)
        return Reply("answer")


def around(inner: Source, told: Recorder | None = None, *, idempotent: bool = True) -> Source:
    """Return ``inner`` with a retry around it."""
    retrying = Retrying(Budget(), known(0.05), Random(1), idempotent=idempotent)
    return stack(inner, retry("promo", retrying, told or Recorder()))


async def test_a_call_that_succeeds_is_made_once(clock: VirtualClock) -> None:
    inner = FakeSource()
    assert (await around(inner)(call_in(clock))).value == "answer"
    assert len(inner.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        SourceRefused("promo"),
        SourceDisconnected("promo"),
        BadStatus("promo", 502),
    ],
    ids=str,
)
async def test_a_call_that_failed_for_a_passing_cause_is_made_once_more(
    clock: VirtualClock, error: SourceError
) -> None:
    inner, told = Script([error]), Recorder()
    assert (await around(inner, told)(call_in(clock, 0.8))).value == "answer"
    assert len(inner.asked_at) == 2
    [retried] = told.of(CallRetried)
    assert retried == CallRetried("promo", error.reason, pytest.approx(0.025, abs=0.025))
    assert inner.asked_at[1] - inner.asked_at[0] == pytest.approx(retried.seconds)


async def test_a_call_is_made_twice_at_most(clock: VirtualClock) -> None:
    inner = Script([SourceRefused("promo"), SourceDisconnected("promo"), SourceRefused("promo")])
    with pytest.raises(SourceDisconnected):
        await around(inner)(call_in(clock))
    assert len(inner.asked_at) == 2


@pytest.mark.parametrize(
    "error", [BadStatus("promo", 404), BadPayload("promo"), CircuitOpen("promo")], ids=str
)
async def test_what_would_fail_again_is_raised_at_once(
    clock: VirtualClock, error: SourceError
) -> None:
    inner, told, before = Script([error]), Recorder(), clock.time()
    with pytest.raises(type(error)) as caught:
        await around(inner, told)(call_in(clock))
    assert caught.value is error
    assert (clock.time(), told.events) == (before, [])


async def test_a_bug_of_ours_is_not_tried_again(clock: VirtualClock) -> None:
    inner = Script([ZeroDivisionError("ours")])
    with pytest.raises(ZeroDivisionError):
        await around(inner)(call_in(clock))
    assert len(inner.asked_at) == 1


async def test_a_call_that_changes_something_is_never_made_twice(clock: VirtualClock) -> None:
    inner = Script([SourceRefused("promo")])
    with pytest.raises(SourceRefused):
        await around(inner, idempotent=False)(call_in(clock))
    assert len(inner.asked_at) == 1


async def test_too_little_time_is_no_retry_and_is_reported(clock: VirtualClock) -> None:
    inner, told = Script([SourceRefused("promo")]), Recorder()
    with pytest.raises(SourceRefused):
        await around(inner, told)(call_in(clock, 0.04))
    assert told.events == [RetryRefused("promo", "deadline")]


async def test_an_absurd_retry_after_is_not_waited_for(clock: VirtualClock) -> None:
    inner, told, before = Script([BadStatus("promo", 503, 86_400.0)]), Recorder(), clock.time()
    with pytest.raises(BadStatus):
        await around(inner, told)(call_in(clock, 0.8))
    assert clock.time() == before
    assert told.events == [RetryRefused("promo", "retry-after")]


async def test_a_retry_after_that_fits_is_obeyed(clock: VirtualClock) -> None:
    inner = Script([BadStatus("promo", 503, 0.3)])
    await around(inner)(call_in(clock, 0.8))
    assert 0.3 <= inner.asked_at[1] - inner.asked_at[0] <= 0.35


async def test_when_the_budget_is_spent_there_is_no_retry(clock: VirtualClock) -> None:
    inner, told = FakeSource(raises=SourceRefused("promo")), Recorder()
    source = around(inner, told)
    for _ in range(100):
        with pytest.raises(SourceRefused):
            await source(call_in(clock))
    assert len(inner.calls) == 110
    assert told.of(RetryRefused) == [RetryRefused("promo", "budget")] * 90


@pytest.mark.parametrize("refusal", [CircuitOpen("promo"), BulkheadFull("promo")], ids=str)
async def test_a_retry_that_we_refuse_ourselves_leaves_the_first_error(
    clock: VirtualClock, refusal: SourceError
) -> None:
    """It says what befell the source; and it keeps its own cause."""
    error, cause = SourceRefused("promo"), OSError("of the socket")
    error.__cause__ = cause
    with pytest.raises(SourceRefused) as caught:
        await around(Script([error, refusal]))(call_in(clock))
    assert caught.value is error
    assert caught.value.__cause__ is cause


async def test_a_caller_who_goes_away_during_the_pause_causes_no_second_call(
    clock: VirtualClock,
) -> None:
    inner = Script([BadStatus("promo", 503, 0.3)])
    task = asyncio.ensure_future(around(inner)(call_in(clock, 0.8)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(1)
    assert len(inner.asked_at) == 1
