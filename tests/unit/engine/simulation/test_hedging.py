"""What hedging does for the slowest visitors, and what it costs the upstream."""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest

from tests.fakes import VirtualClock
from tests.unit.engine.resilience import Resilient
from tests.unit.engine.simulation.traffic import Traffic, quantile, simulate
from tests.unit.engine.simulation.upstreams import Upstream, straggling


@dataclass(frozen=True)
class Result:
    """What visitors saw, and what it cost."""

    median_seconds: float
    tail_seconds: float
    calls_per_visit: float
    reasons: Counter[str | None]


def stragglers(*policies: str, seed: int) -> Result:
    """Return how 12,000 visitors fare where one call in twenty takes nine times as long."""

    async def story(clock: VirtualClock) -> Result:
        upstream = Upstream(straggling(Random(seed), 0.04, 0.35, 0.05))
        traffic = Traffic(Resilient(upstream).source(*policies), clock, Random(seed + 1))
        visits = await traffic.flow(per_second=200, seconds=60)
        return Result(
            quantile(visits, 0.5),
            quantile(visits, 0.99),
            upstream.calls / len(visits),
            Counter(visit.reason for visit in visits),
        )

    return simulate(story)


@pytest.mark.parametrize("seed", [1])
def test_hedge_measure_timeout__with_5_percent_stragglers_p99_falls_by_40_percent(
    seed: int,
) -> None:
    """And for no more than five extra calls in a hundred."""
    without = stragglers("measure", "timeout", seed=seed)
    with_hedge = stragglers("hedge", "measure", "timeout", seed=seed)
    assert without.tail_seconds == pytest.approx(0.35)
    assert with_hedge.tail_seconds <= 0.6 * without.tail_seconds
    assert with_hedge.calls_per_visit <= 1.05
    assert with_hedge.median_seconds <= 1.02 * without.median_seconds
    assert set(with_hedge.reasons) == {None}


def test_the_whole_stack__the_breaker_and_the_bulkhead_do_not_stand_in_the_way_of_hedging() -> None:
    assert stragglers(seed=3).tail_seconds <= 0.6 * 0.35
