import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import SourceDisconnected, SourceRefused
from gateway.aggregation.events import CallHedged, HedgeRefused, HedgeWon
from gateway.aggregation.latency import Latency
from gateway.aggregation.policies.hedge import Hedging, hedge
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Call, Reply, Source, stack
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in
from tests.unit.engine.resilience import known

AFTER_SECONDS = 0.125
"""A quarter past the tail of what is known here, which is 0.1 s."""

Step = tuple[float, Exception | str]


@dataclass
class Script:
    """A source whose n-th call takes so long and ends so."""

    steps: Sequence[Step]
    asked_at: list[float] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    async def __call__(self, call: Call) -> Reply:
        number = len(self.asked_at)
        self.asked_at.append(call.deadline.clock())
        seconds, end = self.steps[number]
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if isinstance(end, Exception):
            raise end
        return Reply(end)


def generous() -> Budget:
    """Return a budget that allows what these tests need."""
    return Budget(1.0, 60.0, 10)


def around(
    inner: Source,
    told: Recorder | None = None,
    latency: Latency | None = None,
    budget: Budget | None = None,
) -> Source:
    """Return ``inner`` with a hedge around it."""
    hedging = Hedging(latency if latency is not None else known(0.05, 0.1), budget or generous())
    return stack(inner, hedge("promo", hedging, told or Recorder()))


async def test_a_call_that_is_quick_enough_is_made_once(clock: VirtualClock) -> None:
    inner, told = Script([(0.12, "first")]), Recorder()
    assert (await around(inner, told)(call_in(clock))).value == "first"
    assert (len(inner.asked_at), told.events) == (1, [])


async def test_a_slow_call_is_made_a_second_time_and_the_first_reply_counts(
    clock: VirtualClock,
) -> None:
    inner, told, before = Script([(5, "first"), (0.05, "second")]), Recorder(), clock.time()
    assert (await around(inner, told)(call_in(clock))).value == "second"
    assert clock.time() - before == pytest.approx(AFTER_SECONDS + 0.05)
    assert told.events == [CallHedged("promo", AFTER_SECONDS), HedgeWon("promo")]
    await asyncio.sleep(0)
    assert inner.cancelled == [0]


async def test_the_second_call_is_cancelled_when_the_first_answers(clock: VirtualClock) -> None:
    inner, told = Script([(0.15, "first"), (5, "second")]), Recorder()
    assert (await around(inner, told)(call_in(clock))).value == "first"
    await asyncio.sleep(0)
    assert inner.cancelled == [1]
    assert told.kinds == ["CallHedged"]


async def test_the_loser_is_not_waited_for(clock: VirtualClock) -> None:
    """The timeout within lets go at once of what it is told to stop, whatever that makes of it."""
    first, second = FakeSource("first", delay_seconds=30, stubborn=True), FakeSource("second")
    sources = iter([first, second])
    before = clock.time()

    async def inner(call: Call) -> Reply:
        return await next(sources)(call)

    source = around(stack(inner, timeout("promo", 0.4)))
    assert (await source(call_in(clock))).value == "second"
    assert clock.time() - before == pytest.approx(AFTER_SECONDS)
    assert first.ended == 0
    await asyncio.sleep(60)


async def test_one_that_answers_although_it_was_told_to_stop_counts(clock: VirtualClock) -> None:
    first, second = FakeSource("first", delay_seconds=0.3, stubborn=True), FakeSource("second")
    sources = iter([first, second])

    async def inner(call: Call) -> Reply:
        return await next(sources)(call)

    assert (await around(inner)(call_in(clock))).value == "first"
    await _assert_that_this_task_can_wait()


async def test_what_the_first_makes_of_its_end_is_of_no_matter(clock: VirtualClock) -> None:
    async def inner(call: Call) -> Reply:
        if len(asked) == 1:
            return Reply("second")
        asked.append(call)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            raise SourceDisconnected("promo") from None
        raise AssertionError

    asked: list[Call] = []
    assert (await around(inner)(call_in(clock))).value == "second"
    await _assert_that_this_task_can_wait()


async def test_who_asked_is_not_cancelled_for_the_second_answer(clock: VirtualClock) -> None:
    await around(Script([(5, "first"), (0.05, "second")]))(call_in(clock))
    await _assert_that_this_task_can_wait()


async def _assert_that_this_task_can_wait() -> None:
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0.1)


async def test_of_two_that_answer_at_once_the_first_counts(clock: VirtualClock) -> None:
    inner = Script([(AFTER_SECONDS + 0.05, "first"), (0.05, "second")])
    assert (await around(inner)(call_in(clock))).value == "first"


async def test_a_call_that_fails_early_is_not_hedged(clock: VirtualClock) -> None:
    inner, told = Script([(0.05, SourceRefused("promo"))]), Recorder()
    with pytest.raises(SourceRefused):
        await around(inner, told)(call_in(clock))
    assert told.events == []


@pytest.mark.parametrize(
    "steps",
    [
        [(0.2, SourceRefused("promo")), (0.2, "answer")],
        [(0.3, "answer"), (0.01, SourceRefused("promo"))],
    ],
)
async def test_where_one_fails_the_other_may_still_answer(
    clock: VirtualClock, steps: list[Step]
) -> None:
    assert (await around(Script(steps))(call_in(clock))).value == "answer"


@pytest.mark.parametrize("seconds", [0.01, 0.5])
async def test_where_both_fail_the_error_is_the_firsts(clock: VirtualClock, seconds: float) -> None:
    steps: list[Step] = [(0.3, SourceRefused("promo")), (seconds, SourceDisconnected("promo"))]
    with pytest.raises(SourceRefused):
        await around(Script(steps))(call_in(clock))


async def test_a_bug_of_ours_beside_a_call_that_failed_is_told(clock: VirtualClock) -> None:
    inner = Script([(0.2, SourceRefused("promo")), (0.5, ZeroDivisionError("ours"))])
    with pytest.raises(ZeroDivisionError):
        await around(inner)(call_in(clock))


async def test_a_second_call_that_fails_too_late_is_no_matter_of_the_loop(
    clock: VirtualClock,
) -> None:
    """The loop reports what a task raised that nobody asked for."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))
    failing, asked = asyncio.Event(), list[Call]()

    async def inner(call: Call) -> Reply:
        asked.append(call)
        if len(asked) == 2:
            failing.set()
            raise SourceRefused("promo")
        await failing.wait()
        return Reply("first")

    assert (await around(inner)(call_in(clock))).value == "first"
    await asyncio.sleep(1)
    gc.collect()
    assert reported == []


async def test_a_bug_of_ours_ends_it_at_once(clock: VirtualClock) -> None:
    inner, told = Script([(5, "first"), (0.01, ZeroDivisionError("ours"))]), Recorder()
    with pytest.raises(ZeroDivisionError):
        await around(inner, told)(call_in(clock))
    assert told.of(HedgeWon) == []
    await asyncio.sleep(0)
    assert inner.cancelled == [0]


@pytest.mark.parametrize("after_seconds", [0.05, 0.2])
async def test_a_caller_who_goes_away_ends_both(clock: VirtualClock, after_seconds: float) -> None:
    inner = Script([(5, "first"), (5, "second")])
    task = asyncio.ensure_future(around(inner)(call_in(clock)))
    await asyncio.sleep(after_seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert inner.cancelled == list(range(len(inner.asked_at)))
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("turns", range(6))
async def test_a_caller_who_goes_away_as_the_second_answers_gets_no_answer(
    clock: VirtualClock, turns: int
) -> None:
    """Cancelled by two at once, and one of them does not mean the second answer."""

    async def going_away() -> None:
        await asyncio.sleep(AFTER_SECONDS + 0.05)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()

    async def asking() -> None:
        assert (await around(inner)(call_in(clock))).value == "second"
        await asyncio.sleep(1)  # here, at the latest, it must hear of it
        raise AssertionError

    inner = Script([(5, "first"), (0.05, "second")])
    leaving = asyncio.ensure_future(going_away())
    task = asyncio.ensure_future(asking())
    with pytest.raises(asyncio.CancelledError):
        await task
    await leaving
    assert len(asyncio.all_tasks()) == 1


async def test_a_caller_who_goes_away_while_the_second_is_awaited_ends_it(
    clock: VirtualClock,
) -> None:
    inner = Script([(0.2, SourceRefused("promo")), (5, "second")])
    task = asyncio.ensure_future(around(inner)(call_in(clock)))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert inner.cancelled == [1]


async def test_while_nothing_is_known_nothing_is_hedged(clock: VirtualClock) -> None:
    inner = Script([(5, "first")])
    await around(inner, latency=Latency())(call_in(clock))
    assert len(inner.asked_at) == 1


@pytest.mark.parametrize(("left_seconds", "made"), [(0.16, 1), (0.18, 2)])
async def test_a_second_call_that_could_hardly_end_in_time_is_not_made(
    clock: VirtualClock, left_seconds: float, made: int
) -> None:
    """The median is 0.05 s, and 0.125 s have passed by then."""
    inner, told = Script([(0.5, "first"), (0.5, "second")]), Recorder()
    await around(inner, told)(call_in(clock, left_seconds))
    assert len(inner.asked_at) == made
    assert told.kinds == ["CallHedged"] * (made - 1)


async def test_a_loop_that_was_busy_meanwhile_leaves_no_time_for_a_second_call(
    clock: VirtualClock,
) -> None:
    inner, told = Script([(0.5, "first")]), Recorder()
    asyncio.get_running_loop().call_later(0.1, clock.advance, 0.3)
    await around(inner, told)(call_in(clock, 0.42))
    assert told.events == [HedgeRefused("promo", "deadline")]


async def test_second_calls_stay_within_their_budget(clock: VirtualClock) -> None:
    inner, told = FakeSource(delay_seconds=0.3), Recorder()
    source = around(inner, told, budget=Budget(0.05, 60.0, 0))
    await asyncio.gather(*(source(call_in(clock)) for _ in range(100)))
    assert len(inner.calls) == 105
    assert told.of(HedgeRefused) == [HedgeRefused("promo", "budget")] * 95


async def test_what_a_hedge_won_against_is_known_to_be_slow(clock: VirtualClock) -> None:
    """Else hedging would make the source look quicker than it is, and hedge ever more."""
    latency = known(0.05, 0.1)
    before = latency.calls
    await around(Script([(5, "first"), (0.01, "second")]), latency=latency)(call_in(clock))
    assert latency.calls == before + 1
    assert latency.quantile(0.95) == 0.1


async def test_a_first_call_that_hangs_costs_no_more_than_the_second(clock: VirtualClock) -> None:
    inner = FakeSource(delay_seconds=FOREVER)
    task = asyncio.ensure_future(around(inner)(call_in(clock)))
    await asyncio.sleep(AFTER_SECONDS - 0.01)
    inner.delay_seconds = 0.01
    assert (await task).value == "answer"
