"""Counting what policies decide: who was refused, retried, hedged or let through."""

from prometheus_client import CollectorRegistry, Counter, Gauge

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


def counting_decisions(registry: CollectorRegistry) -> Listener:
    """Return a listener that counts, in ``registry``, what policies do; it passes over the rest."""
    decided = Counter(
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
        elif (labels := _decision(event)) is not None:
            decided.labels(*labels).inc(event.calls if isinstance(event, BulkheadRefused) else 1)

    return listen


def _decision(event: Event) -> tuple[str, str, str, str] | None:  # noqa: C901 - one table
    """Return policy, subject, decision and cause, each from a closed list."""
    match event:
        case CallFailed(source, reason):
            return "call", source, "failed", reason
        case CallsRecovered(source):
            return "call", source, "recovered", ""
        case BreakerOpened(upstream, cause):
            return "breaker", upstream, "opened", cause
        case BreakerHalfOpened(upstream):
            return "breaker", upstream, "half-opened", ""
        case BreakerClosed(upstream):
            return "breaker", upstream, "closed", ""
        case BreakerRefused(source):
            return "breaker", source, "refused", ""
        case BulkheadRefused(source, cause):
            return "bulkhead", source, "refused", cause
        case BulkheadWaited(source):
            return "bulkhead", source, "waited", ""
        case CallRetried(source, reason):
            return "retry", source, "made", reason
        case RetryRefused(source, cause):
            return "retry", source, "refused", cause
        case CallHedged(source):
            return "hedge", source, "made", ""
        case HedgeWon(source):
            return "hedge", source, "won", ""
        case HedgeRefused(source, cause):
            return "hedge", source, "refused", cause
        case FaultDelayed(source):
            return "fault", source, "delayed", ""
        case FaultAborted(source):
            return "fault", source, "aborted", ""
        case StaleServed(source, reason):
            return "cache", source, "stale", reason
        case RefreshBegun(source):
            return "cache", source, "refresh", ""
        case EntryConfirmed(source):
            return "cache", source, "confirmed", ""
        case NegativeHit(source, reason):
            return "cache", source, "negative", reason
        case FlightJoined(source):
            return "single-flight", source, "joined", ""
        case FleetWaited(source):
            return "single-flight", source, "waited", ""
    return None
