"""The worst that a stack can cost, in time and in calls: read off its layers, inside out.

Plain code: each layer says what it makes of the bound of what it stands around. Two figures go
along: ``seconds``, how long a call takes at most from the moment that it comes, and ``until``, the
instant (seconds since the page began) by which it has ended whatever happened. A layer may stretch
the first; only layers that watch the deadline hold the second.

What the event loop itself is late by, when the machine is busy, is not in here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.aggregation.deadline import RESERVE_SECONDS
from gateway.aggregation.layers import Layer
from gateway.aggregation.policies.storing import POLL_SECONDS
from gateway.sources.redis_cache import OPERATION_SECONDS


@dataclass(frozen=True, slots=True)
class Worst:
    """The bound of a stack from one of its layers inwards."""

    seconds: float
    until: float
    calls: int
    why: tuple[str, ...] = ()

    def because(self, reason: str, **changes: Any) -> "Worst":
        """Return the bound with ``changes``, and ``reason`` at the end of why."""
        return replace(self, why=(*self.why, reason), **changes)


def worst_of(layers: Sequence[Layer], left: float, attempts: int) -> Worst:
    """Return the bound of a source under ``layers``, ``left`` seconds before its call is due.

    ``attempts`` is how often the adapter itself may ask for one call.
    """
    worst = Worst(math.inf, math.inf, attempts)
    if attempts > 1:
        worst = worst.because(f"the adapter may ask {attempts} times: a connection may be dead")
    for each in reversed(layers):
        if (rule := _RULES.get(each.name)) is not None:
            worst = rule(worst, each, left)
    return worst


def effective_timeout(layers: Sequence[Layer], left: float) -> float | None:
    """Return how many seconds the source itself has at most; None where nothing limits it."""
    given = math.inf
    for each in layers:
        if each.name == "timeout":
            left -= RESERVE_SECONDS
            given = min(given, left, each.made_of["seconds"])
    return None if math.isinf(given) else round(max(0.0, given), 6)


def extra_share(layers: Sequence[Layer]) -> float:
    """Return by how much retries and hedges together may multiply calls over a long time, less 1.

    In a quiet window a retry budget allows a few more than its share.
    """
    factor = 1.0
    for each in layers:
        if each.name == "retry":
            factor *= 1 + each.made_of["retrying"].budget.share
        elif each.name == "hedge":
            factor *= 1 + each.made_of["hedging"].budget.share
    return factor - 1


def _timeout(inner: Worst, layer: Layer, left: float) -> Worst:
    own, handed = layer.made_of["seconds"], max(0.0, left - RESERVE_SECONDS)
    return inner.because(
        f"{min(own, handed):g} s to answer", seconds=min(own, handed), until=handed
    )


def _bulkhead(inner: Worst, layer: Layer, left: float) -> Worst:
    rules = layer.made_of["gate"].rules
    return inner.because(
        f"{rules.queue_seconds:g} s in the queue",
        seconds=inner.seconds + rules.queue_seconds,
        until=max(inner.until, left - rules.useful_seconds),
    )


def _hedge(inner: Worst, layer: Layer, left: float) -> Worst:
    # The second call is made while the first still runs, and may take as long as that did.
    return inner.because(
        "a slow call is made twice", seconds=2 * inner.seconds, calls=2 * inner.calls
    )


def _retry(inner: Worst, layer: Layer, left: float) -> Worst:
    retrying = layer.made_of["retrying"]
    if not retrying.idempotent:
        return inner
    # A pause that a Retry-After asks for is one of whole seconds, and must fit into what is left.
    pause = retrying.pause_seconds + math.floor(left)
    return inner.because(
        "a failed call is made once more",
        seconds=2 * inner.seconds + pause,
        until=max(inner.until, left),
        calls=2 * inner.calls,
    )


def _storing(inner: Worst, layer: Layer, left: float) -> Worst:
    if layer.made_of["store"].keeping.bounds.fresh <= 0:
        return inner
    # Half of the time may go by while another gateway asks; Redis has its time for each operation:
    # the lock, the last look and the last try for the lock, and the look for an entry to confirm.
    before = left / 2 + POLL_SECONDS + 4 * OPERATION_SECONDS
    return inner.because(
        f"{before:g} s for Redis and for another gateway that asks the same",
        seconds=before + inner.seconds,
        until=max(before, inner.until),
    )


def _single_flight(inner: Worst, layer: Layer, left: float) -> Worst:
    return replace(inner, seconds=min(inner.seconds, left), until=min(inner.until, left))


def _caching(inner: Worst, layer: Layer, left: float) -> Worst:
    if layer.made_of["keeping"].bounds.fresh <= 0:
        return inner
    return inner.because(
        f"{OPERATION_SECONDS:g} s to look into Redis",
        seconds=inner.seconds + OPERATION_SECONDS,
        until=max(inner.until, OPERATION_SECONDS),
    )


def _switched_off(inner: Worst, layer: Layer, left: float) -> Worst:
    return Worst(0.0, 0.0, 0, ("switched off: nobody is asked",))


_RULES: dict[str, Callable[[Worst, Layer, float], Worst]] = {
    "timeout": _timeout,
    "bulkhead": _bulkhead,
    "hedge": _hedge,
    "retry": _retry,
    "storing": _storing,
    "single_flight": _single_flight,
    "caching": _caching,
    "switched_off": _switched_off,
}
"""What is not in here (observe, fallback, circuit_breaker, …) neither waits nor asks by itself."""
KNOWN = frozenset(
    {
        *_RULES,
        *("observe", "unasked", "fallback", "measure", "circuit_breaker", "telling"),
        "fault_injection",
    }
)
"""Layers whose cost is known. A policy that is not among them has no bound, and a test says so."""
