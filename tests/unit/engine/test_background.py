import asyncio
import gc
import weakref

import pytest

from gateway.aggregation.background import Background, done_within, give_up, in_time, let_go
from tests.fakes import FOREVER, FakeSource, VirtualClock
from tests.unit.engine.pages import call_in


async def nothing() -> None:
    return None


async def test_work_that_is_spawned_runs_by_itself(clock: VirtualClock) -> None:
    background, done = Background(), asyncio.Event()

    async def work() -> None:
        done.set()

    assert background.spawn(work()) is True
    assert not done.is_set()
    await done.wait()


async def test_work_beyond_the_limit_is_dropped_and_never_starts(clock: VirtualClock) -> None:
    """Nor does it leave a coroutine behind that was never awaited: that would be a warning."""
    background, ran = Background(limit=2), list[int]()

    async def work(number: int) -> None:
        ran.append(number)
        await asyncio.sleep(1)

    assert [background.spawn(work(number)) for number in range(4)] == [True, True, False, False]
    assert len(background) == 2
    gc.collect()
    await asyncio.sleep(2)
    assert ran == [0, 1]


async def test_work_that_ended_makes_room(clock: VirtualClock) -> None:
    background = Background(limit=1)
    assert background.spawn(asyncio.sleep(1))
    await asyncio.sleep(2)
    assert len(background) == 0
    assert background.spawn(asyncio.sleep(1))


async def test_work_that_failed_or_was_cancelled_makes_room(clock: VirtualClock) -> None:
    background = Background(limit=2)

    async def failing() -> None:
        raise RuntimeError("lost")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    background.spawn(failing())
    background.spawn(cancelled())
    await asyncio.sleep(1)
    assert len(background) == 0


async def test_running_work_is_held_against_the_garbage_collector(clock: VirtualClock) -> None:
    background, futures = Background(), list[weakref.ref[asyncio.Future[None]]]()

    async def work() -> None:
        future = asyncio.get_running_loop().create_future()
        futures.append(weakref.ref(future))
        await future

    background.spawn(work())
    await asyncio.sleep(1)
    gc.collect()
    future = futures[0]()
    assert future is not None, "nobody held the task, and it vanished while it ran"
    future.set_result(None)
    await asyncio.sleep(1)
    assert len(background) == 0


async def test_what_fails_is_logged_with_its_cause(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background()

    async def failing() -> None:
        raise RuntimeError("lost")

    background.spawn(failing())
    await asyncio.sleep(1)
    [record] = caplog.records
    assert record.message == "background.failed"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "lost"


async def test_cancelled_work_is_no_failure(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background()
    background.spawn(asyncio.sleep(60))
    await background.drain(1)
    assert caplog.records == []


async def test_drain_waits_for_work_that_ends_in_time(clock: VirtualClock) -> None:
    background, done = Background(), list[str]()

    async def work() -> None:
        await asyncio.sleep(2)
        done.append("stored")

    background.spawn(work())
    before = clock.time()
    await background.drain(10)
    assert done == ["stored"]
    assert clock.time() - before == pytest.approx(2)
    assert len(background) == 0


async def test_drain_cancels_what_still_runs_when_time_is_up(clock: VirtualClock) -> None:
    background, cancelled = Background(), list[bool]()

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    background.spawn(work())
    before = clock.time()
    await background.drain(3)
    assert cancelled == [True]
    assert clock.time() - before == pytest.approx(3)
    assert len(background) == 0


async def test_drain_survives_work_that_fails_as_it_is_cancelled(clock: VirtualClock) -> None:
    background = Background()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("no clean end")

    background.spawn(work())
    await background.drain(1)
    assert len(background) == 0


async def test_drain_of_nothing_returns_at_once(clock: VirtualClock) -> None:
    before = clock.time()
    await Background().drain(FOREVER)
    assert clock.time() == before


async def test_the_limit_is_a_hundred_by_default(clock: VirtualClock) -> None:
    background = Background()
    accepted = [background.spawn(asyncio.sleep(1)) for _ in range(101)]
    assert accepted.count(True) == 100
    await background.drain(2)


# ---- what is given up


async def test_giving_up_cancels_and_does_not_wait(clock: VirtualClock) -> None:
    source, before = FakeSource(delay_seconds=60, stubborn=True), clock.time()
    task = asyncio.ensure_future(source(call_in(clock)))
    await asyncio.sleep(0)
    give_up([task])
    await asyncio.sleep(0)
    assert (source.cancelled, task.done()) == (True, False)
    assert clock.time() == before
    await asyncio.sleep(60)
    assert task.done()


async def test_giving_up_leaves_alone_what_has_ended(clock: VirtualClock) -> None:
    task = asyncio.ensure_future(FakeSource("kept")(call_in(clock)))
    await task
    give_up([task])
    await asyncio.sleep(0)
    assert task.result().value == "kept"


async def test_what_is_given_up_is_held_until_it_ends(clock: VirtualClock) -> None:
    cleaning = list[weakref.ref[asyncio.Future[None]]]()

    async def slow_to_clean_up() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            future = asyncio.get_running_loop().create_future()
            cleaning.append(weakref.ref(future))
            await future

    task = asyncio.create_task(slow_to_clean_up())
    ended = weakref.ref(task)
    await asyncio.sleep(0)
    give_up([task])
    del task
    await asyncio.sleep(1)
    gc.collect()
    future = cleaning[0]()
    assert future is not None, "the task vanished before it had cleaned up"
    future.set_result(None)
    del future
    await asyncio.sleep(1)
    gc.collect()
    assert ended() is None, "the task ended and was never let go"


async def test_nobody_hears_what_a_task_raises_that_was_given_up(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    source = FakeSource(delay_seconds=60, stubborn=True, raises=RuntimeError("too late"))
    task = asyncio.ensure_future(source(call_in(clock)))
    await asyncio.sleep(0)
    give_up([task])
    del task
    await asyncio.sleep(120)
    gc.collect()
    assert source.ended == 1
    assert caplog.records == []


async def test_work_that_fails_as_its_caller_is_given_up_is_no_matter_of_the_loop(
    clock: VirtualClock,
) -> None:
    """The loop reports what a task raised that nobody asked for; here nobody is left to ask."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))

    async def failing() -> None:
        asyncio.get_running_loop().call_soon(waiting.cancel)
        raise RuntimeError("lost")

    waiting = asyncio.create_task(in_time(failing(), 5.0))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(2)
    gc.collect()
    assert reported == []


async def test_what_had_failed_before_it_was_given_up_is_no_matter_of_the_loop(
    clock: VirtualClock,
) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))

    async def failing() -> None:
        raise RuntimeError("lost")

    task = asyncio.create_task(failing())
    await asyncio.sleep(1)
    give_up([task])
    del task
    gc.collect()
    assert reported == []


@pytest.mark.parametrize(("patience_seconds", "waited"), [(2.0, 2.0), (9.0, 3.0)])
async def test_all_are_waited_for_but_not_for_ever(
    clock: VirtualClock, patience_seconds: float, waited: float
) -> None:
    tasks = [asyncio.create_task(asyncio.sleep(seconds)) for seconds in (0, 1, 3)]
    await asyncio.sleep(0)
    before = clock.time()
    await done_within(tasks, patience_seconds)
    assert clock.time() - before == pytest.approx(waited)
    give_up(tasks)


async def test_what_is_done_already_is_not_waited_for(clock: VirtualClock) -> None:
    task = asyncio.create_task(nothing())
    await asyncio.sleep(1)
    before = clock.time()
    await done_within([task], 9.0)
    await done_within([], 9.0)
    assert clock.time() == before


async def test_what_was_given_up_is_waited_for_before_its_things_are_closed(
    clock: VirtualClock,
) -> None:
    put_away: list[str] = []

    async def slow_to_stop(name: str, seconds: float) -> None:
        try:
            await asyncio.sleep(FOREVER)
        finally:
            await asyncio.sleep(seconds)
            put_away.append(name)

    tasks = [asyncio.create_task(slow_to_stop(*each)) for each in (("soon", 0.05), ("late", 9.0))]
    await asyncio.sleep(0)
    give_up(tasks)
    await let_go()
    assert put_away == ["soon"], "nobody waits for long"
    await asyncio.sleep(10)
    await let_go()
    assert put_away == ["soon", "late"]


async def test_what_fails_in_time_leaves_nothing_for_the_collector() -> None:
    """The error holds the frames that it went through, and none of them may hold the error."""

    class Failure(Exception):
        pass

    async def fails() -> None:
        raise Failure

    async def asks() -> "weakref.ref[BaseException]":
        try:
            await in_time(fails(), 1.0)
        except Failure as error:
            return weakref.ref(error)
        raise AssertionError("it should have failed")

    gc.disable()
    try:
        seen = await asks()
        await asyncio.sleep(0)
        assert seen() is None
    finally:
        gc.enable()
