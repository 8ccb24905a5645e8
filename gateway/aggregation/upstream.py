"""Upstream: what has been learned of one upstream, shared by every stack that asks it."""

from dataclasses import dataclass, field, replace
from random import Random

from gateway.aggregation.breaker import Breaker, BreakerRules
from gateway.aggregation.budget import Budget
from gateway.aggregation.events import Listener
from gateway.aggregation.gate import Gate
from gateway.aggregation.latency import Latency
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.bulkhead import bulkhead
from gateway.aggregation.policies.circuit_breaker import circuit_breaker
from gateway.aggregation.policies.hedge import Hedging, hedge
from gateway.aggregation.policies.measure import measure
from gateway.aggregation.policies.retry import retry
from gateway.aggregation.policies.telling import telling
from gateway.aggregation.retrying import Retrying
from gateway.aggregation.source import Policy

LATE_SHARE = 0.9
"""Of a source's timeout: past it a call counts as slow, though it may still succeed."""

HEDGE_SHARE = 0.05
HEDGE_WINDOW_SECONDS = 60.0
"""Long, so that a source that is seldom asked may be hedged now and then as well."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One breaker, one gate and two budgets for one upstream."""

    breaker: Breaker
    gate: Gate
    retries: Budget = field(default_factory=Budget)
    hedges: Budget = field(default_factory=lambda: Budget(HEDGE_SHARE, HEDGE_WINDOW_SECONDS, 0))
    random: Random = field(default_factory=Random)


def upstream(name: str, timeout_seconds: float, most_calls: int) -> Upstream:
    """Return what is known of ``name`` in the beginning: nothing.

    ``most_calls`` of it may run at once at the most, and a call that takes longer than most of
    ``timeout_seconds`` counts as slow.
    """
    late = timeout_seconds * LATE_SHARE
    limits = LimitRules(
        start=min(20, most_calls), least=min(5, most_calls), most=most_calls, late_seconds=late
    )
    return Upstream(Breaker(name, BreakerRules(slow_seconds=late)), Gate(name, limits))


def expect(known: Upstream, timeout_seconds: float) -> None:
    """Let calls of ``known`` count as slow by another timeout from now on."""
    late = timeout_seconds * LATE_SHARE
    known.breaker.rules = replace(known.breaker.rules, slow_seconds=late)
    known.gate.rules = replace(known.gate.rules, late_seconds=late)


def asked_again(name: str, known: Upstream, timeout_seconds: float, emit: Listener) -> list[Policy]:
    """Return the policies that may ask a second time, outermost first; for reads alone.

    How long calls take is measured for each source by itself.
    """
    latency = Latency()
    retrying = Retrying(known.retries, latency, known.random, expected_seconds=timeout_seconds)
    return [
        retry(name, retrying, emit),
        hedge(name, Hedging(latency, known.hedges), emit),
        measure(latency),
    ]


def guarded(name: str, known: Upstream, emit: Listener) -> list[Policy]:
    """Return the policies that spare an upstream, outermost first."""
    return [
        circuit_breaker(name, known.breaker, emit),
        telling(name, emit),
        bulkhead(name, known.gate, emit),
    ]
