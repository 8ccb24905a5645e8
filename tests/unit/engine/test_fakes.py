"""The fakes themselves: a fake that errs makes every other test worthless."""

import asyncio
import threading
import time

import pytest

from gateway.aggregation.cache import Entry
from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.events import CacheMissed, PageComposed
from gateway.aggregation.source import Reply, State
from tests.fakes import FOREVER, FakeSource, MemoryFake, Recorder, StuckLoopError, VirtualClock
from tests.unit.engine.pages import call_in


async def test_sleeping_takes_virtual_time_alone(clock: VirtualClock) -> None:
    """A day passes; the bound on the real clock is generous."""
    before, really = clock.time(), time.monotonic()
    await asyncio.sleep(86_400 * 3)
    assert clock.time() - before == pytest.approx(86_400 * 3)
    assert time.monotonic() - really < 60


async def test_timers_end_in_the_order_of_their_instants(clock: VirtualClock) -> None:
    ended: list[float] = []

    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(seconds)

    await asyncio.gather(*(nap(seconds) for seconds in (3, 1, 2)))
    assert ended == [1, 2, 3]


async def test_time_stands_still_while_tasks_run(clock: VirtualClock) -> None:
    before = clock.time()
    for _ in range(100):
        await asyncio.sleep(0)
    assert clock.time() == before


async def test_wall_and_monotonic_time_move_together(clock: VirtualClock) -> None:
    before = clock.wall()
    await asyncio.sleep(5)
    assert clock.wall() - before == pytest.approx(5)
    clock.wall_offset -= 60
    assert clock.wall() - before == pytest.approx(-55)


def test_a_loop_that_would_wait_for_ever_says_so() -> None:
    async def stuck() -> None:
        await asyncio.get_running_loop().create_future()

    with (
        asyncio.Runner(loop_factory=VirtualClock().new_event_loop) as runner,
        pytest.raises(StuckLoopError, match="no timer is set"),
    ):
        runner.run(stuck())


def test_a_loop_that_spins_for_ever_says_so() -> None:
    async def spinning() -> None:
        while True:
            await asyncio.sleep(0)

    with (
        asyncio.Runner(loop_factory=VirtualClock().new_event_loop) as runner,
        pytest.raises(StuckLoopError, match="no time passes"),
    ):
        runner.run(spinning())


async def test_a_source_that_hangs_for_ever_is_stuck_not_slow(clock: VirtualClock) -> None:
    task = asyncio.create_task(FakeSource(delay_seconds=FOREVER)(call_in(clock)))
    await asyncio.sleep(1_000_000)
    assert not task.done()
    task.cancel()


async def test_threads_wake_the_loop_and_are_not_jumped_over(clock: VirtualClock) -> None:
    """A timer stands ready to jump to, but work in a thread comes first and takes no time."""
    release = threading.Event()
    asyncio.get_running_loop().call_soon(release.set)
    before = clock.time()
    async with asyncio.timeout(1):
        assert await asyncio.to_thread(release.wait, 30)
    assert clock.time() == before


async def test_a_call_from_another_thread_is_heard(clock: VirtualClock) -> None:
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(heard.set,))
    thread.start()
    thread.join()
    await heard.wait()


async def test_fake_source_answers_after_its_delay_and_notes_the_call(clock: VirtualClock) -> None:
    source, call, before = FakeSource("hello", delay_seconds=0.3), call_in(clock), clock.time()
    assert await source(call) == Reply("hello", State.LIVE)
    assert clock.time() - before == pytest.approx(0.3)
    assert source.calls == [call]
    assert source.deadlines == [call.deadline]
    assert not source.cancelled


async def test_fake_source_raises_what_it_is_told(clock: VirtualClock) -> None:
    with pytest.raises(SourceRefused):
        await FakeSource(raises=SourceRefused("x"))(call_in(clock))


async def test_fake_source_notes_its_cancellation(clock: VirtualClock) -> None:
    source = FakeSource(delay_seconds=FOREVER)
    task = asyncio.create_task(source(call_in(clock)))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (source.cancellations, source.ended) == (1, 0)


async def test_stubborn_fake_source_goes_on_when_cancelled(clock: VirtualClock) -> None:
    source, before = FakeSource(delay_seconds=5, stubborn=True), clock.time()
    task = asyncio.create_task(source(call_in(clock)))
    await asyncio.sleep(1)
    task.cancel()
    assert (await task).value == "answer"
    assert clock.time() - before == pytest.approx(5)
    assert (source.cancellations, source.ended) == (1, 1)


def test_stubborn_fake_source_must_have_an_end() -> None:
    with pytest.raises(ValueError, match="needs an end"):
        FakeSource(delay_seconds=FOREVER, stubborn=True)


async def test_memory_fake_keeps_and_a_failing_one_is_empty(clock: VirtualClock) -> None:
    cache, entry = MemoryFake(), Entry("value", 1, 2)
    await cache.put("key", entry)
    assert await cache.get("key") == entry
    cache.failing = True
    assert await cache.get("key") is None
    await cache.put("other", entry)
    assert list(cache.entries) == ["key"]
    assert (cache.gets, cache.puts) == (["key", "key"], ["key", "other"])


def test_recorder_sorts_events_by_kind() -> None:
    recorder = Recorder()
    recorder(CacheMissed("a"))
    recorder(PageComposed("home", True, 0.1))
    assert recorder.of(CacheMissed) == [CacheMissed("a")]
    assert recorder.kinds == ["CacheMissed", "PageComposed"]
