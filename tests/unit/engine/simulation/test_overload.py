"""What is still served when five times as many come as an upstream can serve."""

from dataclasses import dataclass
from random import Random

import pytest

from tests.fakes import VirtualClock
from tests.unit.engine.resilience import Resilient
from tests.unit.engine.simulation.traffic import Traffic, Visit, quantile, simulate
from tests.unit.engine.simulation.upstreams import Queueing, around

CAPACITY_PER_SECOND = 200.0
"""Ten workers of a twentieth of a second each."""


@dataclass
class Load:
    """What came of a load."""

    parts: Resilient
    visits: list[Visit]
    later: list[Visit]
    seconds: float

    @property
    def goodput(self) -> float:
        """Answers in time, as a share of what the upstream could give."""
        return len(served(self.visits)) / self.seconds / CAPACITY_PER_SECOND


def served(visits: list[Visit]) -> list[Visit]:
    """Return the visits that got an answer."""
    return [visit for visit in visits if visit.reason is None]


def load(*policies: str, times: float, seconds: float = 10, seed: int = 1) -> Load:
    """Let ``times`` as many come as can be served, then half as many as can be served."""

    async def story(clock: VirtualClock) -> Load:
        upstream = Queueing(around(Random(seed), 0.0485), workers=10)
        parts = Resilient(upstream)
        traffic = Traffic(parts.source(*policies), clock, Random(seed + 1))
        visits = await traffic.flow(times * CAPACITY_PER_SECOND, seconds)
        later = await traffic.flow(CAPACITY_PER_SECOND / 2, 5)
        parts.assert_nothing_is_held()
        return Load(parts, visits, later, seconds)

    return simulate(story)


def test_timeout__without_a_bulkhead_overload_leaves_next_to_nothing() -> None:
    """What the others are measured against: the upstream works for visitors who are gone."""
    assert load("timeout", times=5).goodput < 0.1


@pytest.mark.parametrize("seed", [1, 2])
def test_bulkhead_timeout__at_five_times_capacity_goodput_stays_above_70_percent(
    seed: int,
) -> None:
    assert load("bulkhead", "timeout", times=5, seed=seed).goodput >= 0.7


def test_the_whole_stack__at_five_times_capacity_goodput_stays_above_70_percent() -> None:
    """Retries and hedges add to no overload, and the breaker does not mistake it for an outage.

    Afterwards everybody is served again.
    """
    result = load(times=5)
    assert result.goodput >= 0.7
    assert quantile(result.visits, 0.99) <= 0.8
    assert len(served(result.later)) >= 0.99 * len(result.later)


def test_the_whole_stack__below_capacity_nobody_is_turned_away() -> None:
    result = load(times=0.7)
    assert len(served(result.visits)) == len(result.visits)
    assert result.parts.gate.limit >= 20
