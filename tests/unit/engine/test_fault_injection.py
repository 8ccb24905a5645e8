import asyncio
from random import Random

import pytest

from gateway.aggregation.errors import FaultInjected, SourceTimeout
from gateway.aggregation.events import FaultAborted, FaultDelayed
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.policies.fault_injection import fault_injection
from gateway.aggregation.source import Source, stack
from tests.fakes import FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in


class Switched:
    """A source whose faults can be switched, with all its parts at hand."""

    def __init__(self) -> None:
        self.rule: FaultRule | None = None
        self.inner = FakeSource()
        self.told = Recorder()
        policy = fault_injection("promo", lambda: self.rule, Random(1), self.told)
        self.source: Source = stack(self.inner, policy)


async def test_nothing_is_done_while_it_is_off(clock: VirtualClock) -> None:
    switched, before = Switched(), clock.time()
    assert (await switched.source(call_in(clock))).value == "answer"
    assert (clock.time(), switched.told.events) == (before, [])


async def test_a_call_that_is_made_to_fail_never_reaches_the_source(clock: VirtualClock) -> None:
    switched = Switched()
    switched.rule = FaultRule(abort_percent=100)
    with pytest.raises(FaultInjected, match="promo: injected"):
        await switched.source(call_in(clock))
    assert switched.inner.calls == []
    assert switched.told.events == [FaultAborted("promo")]


async def test_a_call_that_is_held_up_is_made_after_that(clock: VirtualClock) -> None:
    switched, before = Switched(), clock.time()
    switched.rule = FaultRule(delay_seconds=0.8, delay_percent=100)
    assert (await switched.source(call_in(clock))).value == "answer"
    assert clock.time() - before == pytest.approx(0.8)
    assert switched.told.events == [FaultDelayed("promo", 0.8)]


async def test_both_are_done_one_after_the_other(clock: VirtualClock) -> None:
    switched, before = Switched(), clock.time()
    switched.rule = FaultRule(0.8, 100, 100)
    with pytest.raises(FaultInjected):
        await switched.source(call_in(clock))
    assert clock.time() - before == pytest.approx(0.8)


async def test_it_is_switched_while_it_runs(clock: VirtualClock) -> None:
    switched = Switched()
    switched.rule = FaultRule(abort_percent=100)
    with pytest.raises(FaultInjected):
        await switched.source(call_in(clock))
    switched.rule = None
    assert (await switched.source(call_in(clock))).value == "answer"


async def test_a_call_that_is_held_up_past_its_deadline_never_reaches_the_source(
    clock: VirtualClock,
) -> None:
    switched = Switched()
    switched.rule = FaultRule(delay_seconds=0.8, delay_percent=100)
    with pytest.raises(SourceTimeout):
        await switched.source(call_in(clock, 0.8))
    assert switched.inner.calls == []


async def test_a_caller_who_goes_away_ends_the_delay(clock: VirtualClock) -> None:
    switched = Switched()
    switched.rule = FaultRule(delay_seconds=60, delay_percent=100)
    task = asyncio.ensure_future(switched.source(call_in(clock, 100)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert switched.inner.calls == []
