import asyncio

import pytest

from gateway.aggregation.breaker import Breaker, BreakerRules, BreakerState
from gateway.aggregation.errors import (
    BadStatus,
    CircuitOpen,
    SourceBusy,
    SourceError,
    SourceRefused,
    SourceTimeout,
)
from gateway.aggregation.events import (
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    BreakerRefused,
)
from gateway.aggregation.policies.circuit_breaker import (
    LOOK_SECONDS,
    PROBE_SECONDS,
    circuit_breaker,
)
from gateway.aggregation.source import Reply, Source, stack
from gateway.aggregation.waiting import note_waiting
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in

RULES = BreakerRules(minimum_calls=4, slow_seconds=0.3, open_seconds=1.0)


class Guarded:
    """A source behind a breaker, with all its parts at hand."""

    def __init__(self, inner: Source) -> None:
        self.breaker = Breaker("promo-service", RULES)
        self.told = Recorder()
        self.source = stack(inner, circuit_breaker("promo", self.breaker, self.told))

    async def fails(self, clock: VirtualClock, times: int, kind: type[Exception]) -> None:
        """Call so many times; each must raise ``kind``."""
        for _ in range(times):
            with pytest.raises(kind):
                await self.source(call_in(clock))


async def test_a_source_that_keeps_failing_is_not_asked_any_more(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    await guarded.fails(clock, 10, CircuitOpen)
    assert len(inner.calls) == 4
    assert guarded.told.events == [
        BreakerOpened("promo-service", "failures", 1.0),
        *[BreakerRefused("promo")] * 10,
    ]


async def test_it_closes_when_the_probe_succeeds(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    inner.raises = None
    await asyncio.sleep(1.0)
    assert (await guarded.source(call_in(clock))).value == "answer"
    assert guarded.told.kinds == ["BreakerOpened", "BreakerHalfOpened", "BreakerClosed"]
    assert guarded.told.of(BreakerClosed) == [BreakerClosed("promo-service")]


async def test_half_open_admits_one_probe_of_fifty_callers(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    await asyncio.sleep(1.0)
    inner.delay_seconds = 0.1
    calls = [guarded.source(call_in(clock)) for _ in range(50)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [SourceRefused, *[CircuitOpen] * 49]
    assert guarded.told.of(BreakerOpened)[1] == BreakerOpened("promo-service", "probe", 1.25)
    assert guarded.told.of(BreakerHalfOpened) == [BreakerHalfOpened("promo-service")]


async def test_a_probe_whose_caller_goes_away_gives_the_probe_back(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    await asyncio.sleep(1.0)
    inner.raises, inner.delay_seconds = None, 0.1
    probe = asyncio.ensure_future(guarded.source(call_in(clock)))
    await asyncio.sleep(0.05)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert guarded.breaker.state is BreakerState.HALF_OPEN
    assert (await guarded.source(call_in(clock))).value == "answer"
    assert guarded.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "error", [SourceBusy("promo"), CircuitOpen("promo"), BadStatus("promo", 404)]
)
async def test_what_is_not_the_sources_fault_opens_nothing(
    clock: VirtualClock, error: SourceError
) -> None:
    guarded = Guarded(FakeSource(raises=error))
    await guarded.fails(clock, 50, type(error))
    assert guarded.told.events == []


async def test_a_bug_of_ours_opens_nothing(clock: VirtualClock) -> None:
    guarded = Guarded(FakeSource(raises=ZeroDivisionError("ours")))
    await guarded.fails(clock, 50, ZeroDivisionError)
    assert guarded.breaker.snapshot(clock.time()).calls == 0


async def test_callers_who_go_away_open_nothing(clock: VirtualClock) -> None:
    guarded = Guarded(FakeSource(delay_seconds=FOREVER))
    calls = [asyncio.ensure_future(guarded.source(call_in(clock))) for _ in range(50)]
    await asyncio.sleep(0.1)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert guarded.breaker.state is BreakerState.CLOSED
    assert guarded.breaker.snapshot(clock.time()).calls == 0


async def test_slow_answers_open_it(clock: VirtualClock) -> None:
    guarded = Guarded(FakeSource(delay_seconds=0.31))
    for _ in range(4):
        await guarded.source(call_in(clock))
    assert guarded.told.events == [BreakerOpened("promo-service", "slowness", 1.0)]


async def test_a_wait_in_a_queue_of_ours_is_not_the_sources_slowness(clock: VirtualClock) -> None:
    async def queued(call: object) -> Reply:
        await asyncio.sleep(0.31)
        note_waiting(0.31)
        return Reply("answer")

    guarded = Guarded(queued)
    for _ in range(10):
        await guarded.source(call_in(clock))
    assert guarded.breaker.snapshot(clock.time()).slow_rate == 0.0


async def test_a_timeout_after_a_wait_of_ours_is_not_the_sources_failure(
    clock: VirtualClock,
) -> None:
    async def queued(call: object) -> Reply:
        await asyncio.sleep(0.31)
        note_waiting(0.31)
        raise SourceTimeout("promo", "no time was left to ask")

    guarded = Guarded(queued)
    await guarded.fails(clock, 10, SourceTimeout)
    assert guarded.breaker.snapshot(clock.time()).calls == 0


async def test_waits_of_calls_that_run_at_once_are_kept_apart(clock: VirtualClock) -> None:
    async def queued(call: object) -> Reply:
        await asyncio.sleep(0.31)
        if len(asyncio.all_tasks()) % 2:
            note_waiting(0.31)
        return Reply("answer")

    guarded = Guarded(queued)
    await asyncio.gather(*(guarded.source(call_in(clock)) for _ in range(3)))
    assert 0 < guarded.breaker.snapshot(clock.time()).slow_rate < 1


async def test_a_listener_that_fails_costs_no_permit(clock: VirtualClock) -> None:
    def broken(event: object) -> None:
        if isinstance(event, BreakerHalfOpened):
            raise RuntimeError("this listener is broken")

    breaker, inner = Breaker("promo", RULES), FakeSource(raises=SourceRefused("promo"))
    source = stack(inner, circuit_breaker("promo", breaker, broken))
    for _ in range(4):
        with pytest.raises(SourceRefused):
            await source(call_in(clock))
    await asyncio.sleep(1.0)
    with pytest.raises(RuntimeError):
        await source(call_in(clock))
    inner.raises = None
    assert (await source(call_in(clock))).value == "answer"


async def test_calls_that_come_during_a_probe_wait_for_its_end(clock: VirtualClock) -> None:
    """A page with many calls of one upstream is whole as soon as that is well again."""
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    inner.raises, inner.delay_seconds = None, 0.03
    await asyncio.sleep(1.0)
    replies = await asyncio.gather(*(guarded.source(call_in(clock)) for _ in range(20)))
    assert [reply.value for reply in replies] == ["answer"] * 20
    assert len(guarded.told.of(BreakerHalfOpened)) == len(guarded.told.of(BreakerClosed)) == 1


async def test_a_probe_that_hangs_is_not_waited_for_long(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    guarded = Guarded(inner)
    await guarded.fails(clock, 4, SourceRefused)
    inner.raises, inner.delay_seconds = None, FOREVER
    await asyncio.sleep(1.0)
    probe = asyncio.create_task(guarded.source(call_in(clock)))
    await asyncio.sleep(0)
    began = clock.time()
    await guarded.fails(clock, 1, CircuitOpen)
    assert clock.time() - began == pytest.approx(PROBE_SECONDS, abs=2 * LOOK_SECONDS)
    probe.cancel()
