"""What the engine's events are called on the panel: short, and for people who run a gateway."""

from gateway.aggregation import events
from gateway.aggregation.events import Event


def words_of(event: Event) -> str:  # noqa: C901 - one table
    """Return what ``event`` says of a step; empty where the step itself says as much."""
    match event:
        case events.CacheHit(_, age):
            return f"in the cache, {age:.0f} s old"
        case events.CacheMissed():
            return "nothing fresh in the cache"
        case events.StaleServed(_, reason, age):
            return f"shown as it was {age:.0f} s ago: {reason}"
        case events.RefreshBegun():
            return "refreshed beside the page"
        case events.EntryConfirmed():
            return "unchanged, says the source"
        case events.NegativeHit(_, reason):
            return f"failed a moment ago ({reason}), not asked"
        case events.CacheFailed(_, operation, reason):
            return f"cache: {operation} failed ({reason})"
        case events.FallbackServed(_, reason):
            return f"stand-in shown: {reason}"
        case _:
            return _decided(event)


def _decided(event: Event) -> str:  # noqa: C901 - one table
    match event:
        case events.FlightJoined():
            return "joined a call that ran already"
        case events.FleetWaited():
            return "waited for another gateway"
        case events.BulkheadWaited(_, seconds):
            return f"waited {seconds * 1000:.1f} ms for its turn"
        case events.BulkheadRefused(_, cause):
            return f"turned away: {cause}"
        case events.LimitChanged(_, limit):
            return f"limit is now {limit}"
        case events.CallRetried(_, reason):
            return f"made once more after: {reason}"
        case events.RetryRefused(_, cause):
            return f"not made once more: {cause}"
        case events.CallHedged(_, seconds):
            return f"hedged after {seconds * 1000:.1f} ms"
        case events.HedgeWon():
            return "the second call won"
        case events.HedgeRefused(_, cause):
            return f"not hedged: {cause}"
        case _:
            return _guarded(event)


def _guarded(event: Event) -> str:
    match event:
        case events.BreakerOpened(_, cause):
            return f"breaker opens: {cause}"
        case events.BreakerHalfOpened():
            return "breaker lets one call try"
        case events.BreakerClosed():
            return "breaker closes"
        case events.BreakerRefused():
            return "breaker open, not asked"
        case events.FaultDelayed(_, seconds):
            return f"held up on purpose, {seconds * 1000:.0f} ms"
        case events.FaultAborted():
            return "made to fail on purpose"
    return ""
