import asyncio

import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError, SourceRefused, SourceTimeout
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Call, Reply, stack
from tests.fakes import FOREVER, FakeSource, VirtualClock
from tests.unit.engine.pages import RESERVE_SECONDS, call_in


async def test_a_source_in_time_is_let_through(clock: VirtualClock) -> None:
    reply = Reply("answer", lifetime=5)
    source = stack(FakeSource(reply, delay_seconds=0.39), timeout("promo", 0.4))
    assert await source(call_in(clock)) is reply


async def test_a_source_out_of_time_is_stopped_and_named(clock: VirtualClock) -> None:
    inner, before = FakeSource(delay_seconds=FOREVER), clock.time()
    with pytest.raises(SourceTimeout, match=r"promo: timeout \(nothing within 0.4 s\)") as caught:
        await stack(inner, timeout("promo", 0.4))(call_in(clock))
    assert clock.time() - before == pytest.approx(0.4)
    await asyncio.sleep(0)  # a turn of the loop, in which it learns of it
    assert inner.cancelled
    assert caught.value.source == "promo"
    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_a_source_never_has_more_than_the_call_has_left(clock: VirtualClock) -> None:
    """Its own timeout is longer than the page's budget: the page's counts, less a reserve."""
    inner, before = FakeSource(delay_seconds=FOREVER), clock.time()
    with pytest.raises(SourceTimeout):
        await stack(inner, timeout("promo", 60))(call_in(clock, 0.8))
    assert clock.time() - before == pytest.approx(0.8 - RESERVE_SECONDS)


async def test_the_source_is_told_the_shorter_deadline(clock: VirtualClock) -> None:
    inner, before = FakeSource(), clock.time()
    await stack(inner, timeout("promo", 0.4))(call_in(clock, 10))
    await stack(inner, timeout("promo", 0.4))(call_in(clock, 0.2))
    told = [deadline.at - before for deadline in inner.deadlines]
    assert told == [pytest.approx(0.4), pytest.approx(0.2 - RESERVE_SECONDS)]


async def test_nothing_but_the_deadline_of_a_call_changes(clock: VirtualClock) -> None:
    inner = FakeSource()
    call = Call(call_in(clock).deadline, {"day": "x"}, {"request-id": "r"})
    await stack(inner, timeout("promo", 0.4))(call)
    assert inner.calls[0].due(call.deadline) == call


@pytest.mark.parametrize("left_seconds", [-1.0, 0.0, RESERVE_SECONDS / 2])
async def test_a_source_is_not_asked_when_no_time_is_left(
    clock: VirtualClock, left_seconds: float
) -> None:
    """Less than the reserve is nothing: an answer could not be passed on in time."""
    inner = FakeSource()
    with pytest.raises(SourceTimeout, match="no time was left to ask"):
        await stack(inner, timeout("promo", 0.4))(call_in(clock, left_seconds))
    assert inner.calls == []


async def test_nested_timeouts_each_end_before_the_outer_one(clock: VirtualClock) -> None:
    """With all at one instant the inner ones would see a cancellation and could not say why."""
    inner = FakeSource(delay_seconds=FOREVER)
    names = ["outer", "middle", "inner"]
    source = stack(inner, *(timeout(name, 0.4) for name in names))
    with pytest.raises(SourceTimeout) as caught:
        await source(call_in(clock, 0.4))
    assert caught.value.source == "inner"
    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_each_nested_timeout_keeps_a_reserve_of_its_own(clock: VirtualClock) -> None:
    inner, before = FakeSource(), clock.time()
    await stack(inner, timeout("a", 9), timeout("b", 9), timeout("c", 9))(call_in(clock, 1))
    assert inner.deadlines[0].at - before == pytest.approx(1 - 3 * RESERVE_SECONDS)


@pytest.mark.parametrize("error", [SourceRefused("promo"), ZeroDivisionError("a bug")])
async def test_errors_of_the_source_pass_through(clock: VirtualClock, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        await stack(FakeSource(raises=error), timeout("promo", 0.4))(call_in(clock))
    assert caught.value is error


async def test_a_cancelled_call_is_cancelled_not_timed_out(clock: VirtualClock) -> None:
    inner = FakeSource(delay_seconds=FOREVER)
    task = asyncio.ensure_future(stack(inner, timeout("promo", 0.4))(call_in(clock)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner.cancelled


async def test_a_timed_out_source_leaves_its_task_uncancelled(clock: VirtualClock) -> None:
    """What follows in the same task, a fallback for one, must be able to wait."""
    with pytest.raises(SourceError):
        await stack(FakeSource(delay_seconds=FOREVER), timeout("promo", 0.4))(call_in(clock))
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0.1)


async def test_a_timer_that_goes_off_a_moment_early_is_still_our_timeout(
    clock: VirtualClock,
) -> None:
    """Event loops round: the deadline's clock may not have got there when the timer goes off."""
    late = Deadline(0.8, clock=lambda: 0.0)
    with pytest.raises(SourceTimeout):
        await stack(FakeSource(delay_seconds=FOREVER), timeout("promo", 0.4))(Call(late))
