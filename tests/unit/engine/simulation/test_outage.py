"""What an outage costs the upstream, and how soon the page is whole after it."""

from dataclasses import dataclass
from functools import cache
from random import Random

import pytest

from gateway.aggregation.breaker import BreakerRules
from gateway.aggregation.events import BreakerClosed, BreakerHalfOpened, BreakerOpened
from tests.fakes import VirtualClock
from tests.unit.engine.resilience import Resilient
from tests.unit.engine.simulation.traffic import Traffic, Visit, simulate
from tests.unit.engine.simulation.upstreams import Breaking, around

PER_SECOND = 50


@dataclass
class Outage:
    """What came of an outage: visits during it and after it, and the calls that it cost."""

    parts: Resilient
    during: list[Visit]
    after: list[Visit]
    calls_just_before: int
    calls_during: int
    ended_at: float
    upstream: Breaking

    @property
    def whole_again_after_seconds(self) -> float:
        """When the last visitor came who got nothing, in seconds since the outage ended."""
        return max((visit.came - self.ended_at for visit in self.after if visit.reason), default=0)


def outage(*policies: str, hanging: bool, seconds: float = 30) -> Outage:
    """Let an upstream be well for 20 s, then down for ``seconds``, then well for 20 s."""
    return _outage(policies, hanging, seconds)


@cache
def _outage(policies: tuple[str, ...], hanging: bool, seconds: float, seed: int = 1) -> Outage:
    """Each story is told once, for all who look at what came of it."""

    async def story(clock: VirtualClock) -> Outage:
        upstream = Breaking(around(Random(seed), 0.04), hanging=hanging)
        parts = Resilient(upstream)
        traffic = Traffic(parts.source(*policies), clock, Random(seed + 1))
        await traffic.flow(PER_SECOND, 10)
        just_before = len(await traffic.flow(PER_SECOND, 10))
        upstream.down, before = True, upstream.calls
        during = await traffic.flow(PER_SECOND, seconds)
        calls_during = upstream.calls - before
        upstream.down, ended_at = False, clock.time()
        after = await traffic.flow(PER_SECOND, 20)
        parts.assert_nothing_is_held()
        return Outage(parts, during, after, just_before, calls_during, ended_at, upstream)

    return simulate(story)


@pytest.mark.parametrize("hanging", [False, True], ids=["refusing", "hanging"])
def test_the_whole_stack__in_a_full_outage_the_upstream_sees_hardly_a_call(hanging: bool) -> None:
    """Far less than 1.1 times the calls that visitors cause: the breaker sees to that."""
    result = outage(hanging=hanging)
    assert result.calls_during <= 0.1 * len(result.during)
    assert result.upstream.least_left_seconds > 0


@pytest.mark.parametrize("hanging", [False, True], ids=["refusing", "hanging"])
def test_retry_timeout__in_a_full_outage_the_upstream_sees_at_most_1_1_times_the_calls(
    hanging: bool,
) -> None:
    """The budget alone sees to that, where no breaker does. Its window reaches back ten seconds."""
    result = outage("retry", "measure", "timeout", hanging=hanging)
    extra = result.calls_during - len(result.during)
    assert (extra > 0) is not hanging  # a call that ran out of time is not made again
    assert extra <= 0.1 * (len(result.during) + result.calls_just_before)


@pytest.mark.parametrize("hanging", [False, True], ids=["refusing", "hanging"])
@pytest.mark.parametrize("seconds", [3, 30, 61.7])
def test_the_whole_stack__is_whole_again_within_twice_the_open_time(
    hanging: bool, seconds: float
) -> None:
    result = outage(hanging=hanging, seconds=seconds)
    assert result.during[-1].reason is not None
    assert result.whole_again_after_seconds <= 2 * BreakerRules().open_seconds
    assert result.after[-1].reason is None


def test_the_whole_stack__a_hanging_upstream_soon_costs_visitors_no_time() -> None:
    """All but the probes are refused at once, or as soon as a probe is slower than a good reply."""
    result = outage(hanging=True)
    late = [visit for visit in result.during if visit.came > result.during[0].came + 2]
    assert sum(visit.seconds > 0.07 for visit in late) <= 0.05 * len(late)


def test_the_whole_stack__each_half_open_has_one_probe_and_open_times_grow() -> None:
    result = outage(hanging=False)
    opened = result.parts.told.of(BreakerOpened)
    assert [event.seconds for event in opened[:4]] == [1.0, 1.25, 1.5, 1.5]
    assert [event.cause for event in opened[:2]] == ["failures", "probe"]
    probes = result.parts.told.of(BreakerHalfOpened)
    assert len(probes) == len(opened) > 10
    assert len(result.parts.told.of(BreakerClosed)) == 1
