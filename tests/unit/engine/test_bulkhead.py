import asyncio
from collections import Counter

import pytest

from gateway.aggregation.errors import BadStatus, BulkheadFull, SourceRefused, SourceTimeout
from gateway.aggregation.events import BulkheadRefused, BulkheadWaited, LimitChanged
from gateway.aggregation.gate import Gate
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.bulkhead import bulkhead
from gateway.aggregation.source import Reply, Source, stack
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in

RULES = LimitRules(start=2, least=1, most=4, most_waiting=3, queue_seconds=0.2, late_seconds=0.3)


class Guarded:
    """A source behind a gate for two with a queue for three, with all its parts at hand."""

    def __init__(self, inner: Source, rules: LimitRules = RULES) -> None:
        self.gate = Gate("promo-service", rules)
        self.told = Recorder()
        self.source = stack(inner, bulkhead("promo", self.gate, self.told))

    def ask(self, clock: VirtualClock, count: int, seconds: float = 10.0) -> list[asyncio.Task]:
        """Return so many calls that are under way."""
        return [asyncio.ensure_future(self.source(call_in(clock, seconds))) for _ in range(count)]

    def assert_nothing_is_held(self) -> None:
        """Fail if a place inside or in the queue was not given back."""
        snapshot = self.gate.snapshot()
        assert (snapshot.running, snapshot.waiting) == (0, 0)


async def ends(tasks: list[asyncio.Task]) -> Counter[str]:
    """Return how the calls end, counted."""
    results = await asyncio.gather(*tasks, return_exceptions=True)
    return Counter(type(result).__name__ for result in results)


async def test_calls_within_the_limit_run_at_once(clock: VirtualClock) -> None:
    guarded, before = Guarded(FakeSource(delay_seconds=0.1)), clock.time()
    assert await ends(guarded.ask(clock, 2)) == {"Reply": 2}
    assert clock.time() - before == pytest.approx(0.1)
    assert guarded.told.events == []


async def test_no_more_run_at_once_than_the_limit(clock: VirtualClock) -> None:
    running, most = 0, 0

    async def inner(call: object) -> Reply:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return Reply("answer")

    guarded = Guarded(inner)
    assert await ends(guarded.ask(clock, 5)) == {"Reply": 5}
    assert most == 2
    guarded.assert_nothing_is_held()


async def test_a_call_that_waited_has_its_turn_and_says_how_long_it_took(
    clock: VirtualClock,
) -> None:
    guarded = Guarded(FakeSource(delay_seconds=0.1))
    assert await ends(guarded.ask(clock, 3)) == {"Reply": 3}
    assert guarded.told.events == [BulkheadWaited("promo", pytest.approx(0.1))]


async def test_past_a_full_queue_calls_are_refused_at_once(clock: VirtualClock) -> None:
    guarded, before = Guarded(FakeSource(delay_seconds=FOREVER)), clock.time()
    tasks = guarded.ask(clock, 6)
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert clock.time() == before
    [refused] = done
    with pytest.raises(BulkheadFull, match=r"promo: full \(full after 0.000 s\)"):
        await refused
    assert guarded.told.events == [BulkheadRefused("promo", "full", 0.0)]
    for task in tasks:
        task.cancel()
    await ends(tasks)
    guarded.assert_nothing_is_held()


async def test_a_waiter_whose_time_is_gone_is_refused_then_and_never_served(
    clock: VirtualClock,
) -> None:
    inner, before = FakeSource(delay_seconds=1.0), clock.time()
    guarded = Guarded(inner)
    first = guarded.ask(clock, 2)
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull, match=r"late after 0.100 s"):
        await guarded.source(call_in(clock, 0.15))
    assert clock.time() - before == pytest.approx(0.1), "0.05 s would be of no use"
    await ends(first)
    assert len(inner.calls) == 2
    assert guarded.told.events == [BulkheadRefused("promo", "late", pytest.approx(0.1))]


async def test_nobody_waits_longer_than_the_queue_allows(clock: VirtualClock) -> None:
    guarded, before = Guarded(FakeSource(delay_seconds=1.0)), clock.time()
    first = guarded.ask(clock, 2)
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull):
        await guarded.source(call_in(clock))
    assert clock.time() - before == pytest.approx(0.2)
    await ends(first)


async def test_the_last_to_come_is_served_first(clock: VirtualClock) -> None:
    guarded = Guarded(FakeSource(delay_seconds=0.15))
    guarded.ask(clock, 2)
    waiting = guarded.ask(clock, 3)
    assert await ends(waiting) == {"Reply": 2, "BulkheadFull": 1}
    assert isinstance(waiting[0].exception(), BulkheadFull)


async def test_a_busy_loop_lets_nobody_in_who_has_no_time_left(clock: VirtualClock) -> None:
    """Let in just in time, and woken too late."""
    inner = FakeSource()
    guarded = Guarded(inner)
    others = [guarded.gate.enter(clock.time(), clock.time() + 60) for _ in range(2)]
    waiting = guarded.ask(clock, 1, seconds=0.5)
    await asyncio.sleep(0.1)
    guarded.gate.leave(others[0], clock.time())
    clock.advance(0.36)
    assert await ends(waiting) == {"BulkheadFull": 1}
    assert inner.calls == []
    guarded.gate.leave(others[1], clock.time())
    guarded.assert_nothing_is_held()


@pytest.mark.parametrize("error", [SourceRefused("promo"), ZeroDivisionError("ours")])
async def test_a_call_that_fails_gives_its_place_back(
    clock: VirtualClock, error: Exception
) -> None:
    guarded = Guarded(FakeSource(raises=error))
    for _ in range(10):
        with pytest.raises(type(error)):
            await guarded.source(call_in(clock))
    guarded.assert_nothing_is_held()


async def test_a_call_that_is_cancelled_hands_its_place_on_at_once(clock: VirtualClock) -> None:
    inner, before = FakeSource(delay_seconds=FOREVER), clock.time()
    guarded = Guarded(inner)
    running = guarded.ask(clock, 2)
    [waiting] = guarded.ask(clock, 1)
    await asyncio.sleep(0.1)
    inner.delay_seconds = 0.01
    running[0].cancel()
    assert (await waiting).value == "answer"
    assert clock.time() - before == pytest.approx(0.11)
    running[1].cancel()
    await ends(running)
    guarded.assert_nothing_is_held()


@pytest.mark.parametrize("turns", range(6))
async def test_a_waiter_that_is_cancelled_leaves_no_trace(clock: VirtualClock, turns: int) -> None:
    """Whether it is cancelled before, while or after it is let in."""
    guarded = Guarded(FakeSource(delay_seconds=0.1))
    first = guarded.ask(clock, 2)
    waiting = guarded.ask(clock, 2)
    await asyncio.sleep(0.1)
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await ends([*first, *waiting])
    guarded.assert_nothing_is_held()
    assert await ends(guarded.ask(clock, 2)) == {"Reply": 2}


async def test_late_answers_lower_the_limit_and_say_so(clock: VirtualClock) -> None:
    guarded = Guarded(FakeSource(delay_seconds=0.31), LimitRules(start=10, late_seconds=0.3))
    await ends(guarded.ask(clock, 10))
    assert guarded.told.events == [LimitChanged("promo-service", 8)]


@pytest.mark.parametrize("error", [BadStatus("promo", 503), BadStatus("promo", 429)])
async def test_a_source_that_says_it_is_overloaded_is_believed(
    clock: VirtualClock, error: BadStatus
) -> None:
    inner = FakeSource(raises=error, delay_seconds=0.01)
    guarded = Guarded(inner, LimitRules(start=10))
    await ends(guarded.ask(clock, 10))
    assert guarded.gate.limit == 8


async def test_timeouts_lower_the_limit(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceTimeout("promo"), delay_seconds=0.4)
    guarded = Guarded(inner, LimitRules(start=10))
    await ends(guarded.ask(clock, 10))
    assert guarded.gate.limit == 8


async def test_failures_that_are_no_overload_and_cancelled_calls_teach_nothing(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(raises=SourceRefused("promo"), delay_seconds=0.01)
    guarded = Guarded(inner, LimitRules(start=10))
    for _ in range(5):
        await ends(guarded.ask(clock, 10))
    inner.delay_seconds = FOREVER
    tasks = guarded.ask(clock, 10)
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    await ends(tasks)
    assert guarded.told.events == []


async def test_the_wait_is_no_time_of_the_sources(clock: VirtualClock) -> None:
    """The deadline of the call is handed down as it is: the source has all that is left of it."""
    inner = FakeSource(delay_seconds=0.1)
    guarded = Guarded(inner)
    call = call_in(clock)
    await asyncio.gather(*(guarded.source(call) for _ in range(3)))
    assert {deadline.at for deadline in inner.deadlines} == {call.deadline.at}
    assert guarded.gate.limit == 2
