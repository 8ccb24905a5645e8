"""Counting what policies decide: who was refused, retried, hedged or let through."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from gateway.aggregation.events import (
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    BreakerRefused,
    BulkheadRefused,
    BulkheadWaited,
    CallFailed,
    CallHedged,
    CallRetried,
    CallsRecovered,
    EntryConfirmed,
    Event,
    FaultAborted,
    FaultDelayed,
    FleetWaited,
    FlightJoined,
    HedgeRefused,
    HedgeWon,
    LimitChanged,
    Listener,
    NegativeHit,
    RefreshBegun,
    RetryRefused,
    StaleServed,
)
from gateway.telemetry.tallies import Tally


def counting_decisions(registry: CollectorRegistry) -> Listener:
    """Return a listener that counts, in ``registry``, what policies do; it passes over the rest."""
    decided = Tally(
        "gateway_policy_decisions",
        "What policies did, by the source or upstream it was done to; cause is empty where one "
        "thing alone can be the cause.",
        ["policy", "subject", "decision", "cause"],
        registry=registry,
    )
    limit = Gauge(
        "gateway_upstream_limit",
        "Calls of an upstream that may run at once.",
        ["upstream"],
        registry=registry,
    )

    def listen(event: Event) -> None:
        if isinstance(event, LimitChanged):
            limit.labels(event.upstream).set(event.limit)
        elif (decision := _DECISIONS.get(type(event))) is not None:
            times = event.calls if isinstance(event, BulkheadRefused) else 1
            decided.add(*decision(event), times=times)

    return listen


_Labels = tuple[str, str, str, str]
_DECISIONS: dict[type, Callable[[Any], _Labels]] = {
    CallFailed: lambda event: ("call", event.source, "failed", event.reason),
    CallsRecovered: lambda event: ("call", event.source, "recovered", ""),
    BreakerOpened: lambda event: ("breaker", event.upstream, "opened", event.cause),
    BreakerHalfOpened: lambda event: ("breaker", event.upstream, "half-opened", ""),
    BreakerClosed: lambda event: ("breaker", event.upstream, "closed", ""),
    BreakerRefused: lambda event: ("breaker", event.source, "refused", ""),
    BulkheadRefused: lambda event: ("bulkhead", event.source, "refused", event.cause),
    BulkheadWaited: lambda event: ("bulkhead", event.source, "waited", ""),
    CallRetried: lambda event: ("retry", event.source, "made", event.reason),
    RetryRefused: lambda event: ("retry", event.source, "refused", event.cause),
    CallHedged: lambda event: ("hedge", event.source, "made", ""),
    HedgeWon: lambda event: ("hedge", event.source, "won", ""),
    HedgeRefused: lambda event: ("hedge", event.source, "refused", event.cause),
    FaultDelayed: lambda event: ("fault", event.source, "delayed", ""),
    FaultAborted: lambda event: ("fault", event.source, "aborted", ""),
    StaleServed: lambda event: ("cache", event.source, "stale", event.reason),
    RefreshBegun: lambda event: ("cache", event.source, "refresh", ""),
    EntryConfirmed: lambda event: ("cache", event.source, "confirmed", ""),
    NegativeHit: lambda event: ("cache", event.source, "negative", event.reason),
    FlightJoined: lambda event: ("single-flight", event.source, "joined", ""),
    FleetWaited: lambda event: ("single-flight", event.source, "waited", ""),
}
"""Policy, subject, decision and cause of each event that is one; words from closed lists."""
