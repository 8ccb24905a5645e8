"""The policies in combination, each test named by its stack, outermost first."""

import asyncio

import pytest

from gateway.aggregation.background import Background
from gateway.aggregation.breaker import BreakerRules, BreakerState
from gateway.aggregation.cache import Bounds, Entry, key_for
from gateway.aggregation.errors import (
    BulkheadFull,
    CircuitOpen,
    FaultInjected,
    SourceRefused,
    SourceTimeout,
)
from gateway.aggregation.events import CallHedged, SourceAbandoned
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.source import State, stack
from tests.fakes import FOREVER, FakeSource, MemoryFake, VirtualClock
from tests.unit.engine.pages import BUDGET_SECONDS, call_in
from tests.unit.engine.resilience import Resilient, known

QUICK_TO_OPEN = BreakerRules(minimum_calls=4)
FOR_ONE = LimitRules(start=1, least=1, most=1)


async def test_circuit_breaker_bulkhead_timeout__our_queue_opens_no_breaker(
    clock: VirtualClock,
) -> None:
    """The source takes 0.19 s of its 0.4; with the queue it is slower than the breaker allows."""
    rules = BreakerRules(minimum_calls=4, slow_seconds=0.3)
    parts = Resilient(FakeSource(delay_seconds=0.19), breaker_rules=rules, limit_rules=FOR_ONE)
    source = parts.source("circuit_breaker", "bulkhead", "timeout")
    for _ in range(10):
        before = clock.time()
        await asyncio.gather(source(call_in(clock)), source(call_in(clock)))
        assert clock.time() - before == pytest.approx(0.38)
    assert parts.breaker.snapshot(clock.time()).slow_rate == 0.0


async def test_circuit_breaker_bulkhead__refusals_of_the_bulkhead_open_no_breaker(
    clock: VirtualClock,
) -> None:
    parts = Resilient(
        FakeSource(delay_seconds=1.0), breaker_rules=QUICK_TO_OPEN, limit_rules=FOR_ONE
    )
    source = parts.source("circuit_breaker", "bulkhead")
    calls = [source(call_in(clock)) for _ in range(50)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, BulkheadFull) for result in results) == 49
    assert parts.breaker.state is BreakerState.CLOSED
    parts.assert_nothing_is_held()


async def test_circuit_breaker_bulkhead__a_probe_that_our_bulkhead_refuses_is_given_back(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN, limit_rules=FOR_ONE)
    source = parts.source("circuit_breaker", "bulkhead")
    for _ in range(4):
        with pytest.raises(SourceRefused):
            await source(call_in(clock))
    await asyncio.sleep(1.0)
    other = parts.gate.enter(clock.time(), clock.time() + 60)
    with pytest.raises(BulkheadFull):
        await source(call_in(clock))
    parts.gate.leave(other, clock.time())
    inner.raises = None
    assert (await source(call_in(clock))).value == "answer"


async def test_bulkhead_timeout__the_source_has_all_its_time_after_a_wait(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(delay_seconds=0.19)
    source = Resilient(inner, limit_rules=FOR_ONE).source("bulkhead", "timeout")
    first = asyncio.ensure_future(source(call_in(clock, BUDGET_SECONDS)))
    await asyncio.sleep(0.001)
    inner.delay_seconds = 0.39
    assert (await source(call_in(clock, BUDGET_SECONDS))).value == "answer"
    await first


async def test_retry_circuit_breaker__the_breaker_sees_every_attempt(clock: VirtualClock) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN)
    source = parts.source("retry", "circuit_breaker")
    for _ in range(2):
        with pytest.raises(SourceRefused):
            await source(call_in(clock, BUDGET_SECONDS))
    assert parts.breaker.state is BreakerState.OPEN
    with pytest.raises(CircuitOpen):
        await source(call_in(clock, BUDGET_SECONDS))
    assert len(inner.calls) == 4


async def test_retry_timeout__a_call_that_ran_out_of_time_is_not_made_again(
    clock: VirtualClock,
) -> None:
    """Though the source is known to be quick, and time is left: it would make the page later."""
    inner = FakeSource(delay_seconds=FOREVER)
    parts = Resilient(inner, latency=known(0.05))
    with pytest.raises(SourceTimeout):
        await parts.source("retry", "timeout")(call_in(clock, BUDGET_SECONDS))
    assert len(inner.calls) == 1


async def test_hedge_circuit_breaker__a_probe_is_not_hedged_past_the_breaker(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN, latency=known(0.05))
    for _ in range(20):
        parts.hedge_budget.count(clock.time())
    source = parts.source("hedge", "circuit_breaker", "timeout")
    for _ in range(4):
        with pytest.raises(SourceRefused):
            await source(call_in(clock, BUDGET_SECONDS))
    await asyncio.sleep(1.0)
    inner.raises, inner.delay_seconds = None, 0.2
    assert (await source(call_in(clock, BUDGET_SECONDS))).value == "answer"
    assert len(parts.told.of(CallHedged)) == 1
    assert len(inner.calls) == 5
    assert parts.breaker.state is BreakerState.CLOSED


async def test_hedge_measure_bulkhead_timeout__a_loser_gives_its_place_back(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(delay_seconds=FOREVER)
    parts = Resilient(inner, latency=known(0.05))
    for _ in range(20):
        parts.hedge_budget.count(clock.time())
    task = asyncio.ensure_future(
        parts.source("hedge", "measure", "bulkhead", "timeout")(call_in(clock, BUDGET_SECONDS))
    )
    await asyncio.sleep(0.1)
    inner.delay_seconds = 0.05
    await task
    await asyncio.sleep(0.001)
    assert inner.cancellations == 1
    parts.assert_nothing_is_held()


async def test_retry_hedge_circuit_breaker_bulkhead_timeout_fault_injection__faults_look_real(
    clock: VirtualClock,
) -> None:
    """An abort on purpose is tried again, and opens the breaker, as a failure would."""
    inner = FakeSource()
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN, fault=FaultRule(abort_percent=100))
    source = parts.source(
        "retry", "hedge", "circuit_breaker", "bulkhead", "timeout", "fault_injection"
    )
    for expected in (FaultInjected, FaultInjected, CircuitOpen):
        with pytest.raises(expected):
            await source(call_in(clock, BUDGET_SECONDS))
    assert parts.told.kinds.count("FaultAborted") == 4
    parts.fault = None
    await asyncio.sleep(1.0)
    assert (await source(call_in(clock, BUDGET_SECONDS))).value == "answer"


async def test_timeout_fault_injection__a_delay_on_purpose_runs_into_the_timeout(
    clock: VirtualClock,
) -> None:
    inner = FakeSource()
    parts = Resilient(inner, fault=FaultRule(delay_seconds=0.8, delay_percent=100))
    with pytest.raises(SourceTimeout, match=r"nothing within 0.4 s"):
        await parts.source("timeout", "fault_injection")(call_in(clock, BUDGET_SECONDS))
    assert inner.calls == []


async def test_fallback_circuit_breaker__an_open_circuit_shows_the_fallback_and_says_why(
    clock: VirtualClock,
) -> None:
    inner = FakeSource(raises=SourceRefused("promo"))
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN)
    source = parts.source("observe", "fallback", "circuit_breaker")
    reasons = [(await source(call_in(clock))).reason for _ in range(6)]
    assert reasons == [*["refused"] * 4, *["open"] * 2]


async def test_caching_circuit_breaker__the_cache_answers_while_the_circuit_is_open(
    clock: VirtualClock,
) -> None:
    """What is fresh, and then what is stale: the source itself is not asked for either."""
    now = clock.wall()
    entry = Entry("kept", now, fresh_until=now + 0.5, stale_until=now + 60)
    cache = MemoryFake({key_for("promo", {}): entry})
    inner = FakeSource(raises=SourceRefused("promo"))
    parts = Resilient(inner, breaker_rules=QUICK_TO_OPEN)
    keeping = Keeping(cache, Bounds(30, 60), clock.wall, Background().spawn)
    guarded = parts.source("circuit_breaker", "timeout")
    for _ in range(4):
        with pytest.raises(SourceRefused):
            await guarded(call_in(clock))
    cached = stack(guarded, caching("promo", keeping, parts.told))
    assert (await cached(call_in(clock))).state is State.FRESH
    await asyncio.sleep(0.6)
    reply = await cached(call_in(clock))
    assert (reply.value, reply.state, reply.reason) == ("kept", State.STALE, "open")
    assert len(inner.calls) == 4


async def test_observe_fallback_retry_hedge_circuit_breaker_bulkhead_timeout__all_at_rest(
    clock: VirtualClock,
) -> None:
    """A source that is well is asked once, and nothing is reported but that it replied."""
    inner = FakeSource(delay_seconds=0.05)
    parts = Resilient(inner)
    source = parts.source()
    for _ in range(100):
        assert (await source(call_in(clock, BUDGET_SECONDS))).state is State.LIVE
    assert len(inner.calls) == 100
    assert set(parts.told.kinds) == {"SourceReplied"}
    parts.assert_nothing_is_held()


async def test_observe_fallback_retry_hedge_circuit_breaker_bulkhead_timeout__a_closed_tab(
    clock: VirtualClock,
) -> None:
    """It ends the work at once, moves no breaker, and is neither tried again nor softened."""
    inner = FakeSource(delay_seconds=FOREVER)
    parts = Resilient(inner, latency=known(0.05))
    tasks = [
        asyncio.ensure_future(parts.source()(call_in(clock, BUDGET_SECONDS))) for _ in range(15)
    ]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.001)
    assert {type(result) for result in results} == {asyncio.CancelledError}
    assert inner.cancellations == len(inner.calls)
    assert parts.breaker.snapshot(clock.time()).calls == 0
    assert len(parts.told.of(SourceAbandoned)) == 15
    parts.assert_nothing_is_held()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_fallback_retry_hedge_circuit_breaker_bulkhead_timeout__always_within_the_budget(
    clock: VirtualClock,
) -> None:
    """Whatever is tried, the answer is there before the page's time is up."""
    parts = Resilient(FakeSource(delay_seconds=30, stubborn=True), latency=known(0.05))
    before = clock.time()
    reply = await parts.source()(call_in(clock, BUDGET_SECONDS))
    assert (reply.value, reply.reason) == ("instead", "timeout")
    assert clock.time() - before <= BUDGET_SECONDS
    await asyncio.sleep(60)
