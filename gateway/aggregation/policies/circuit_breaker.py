"""circuit_breaker: a source that keeps failing is left alone for a while."""

import asyncio

from gateway.aggregation.breaker import Breaker, BreakerState, Permit
from gateway.aggregation.errors import CircuitOpen, SourceError
from gateway.aggregation.events import (
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    BreakerRefused,
    Listener,
)
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source
from gateway.aggregation.verdict import Verdict, verdict
from gateway.aggregation.waiting import waiting_noted

PROBE_SECONDS = 0.05
"""How long a call waits for the outcome of somebody else's probe: a source that is well again is
well for a page as a whole, and not for the first of its calls alone."""

LOOK_SECONDS = 0.01


@layer
def circuit_breaker(name: str, breaker: Breaker, emit: Listener) -> Policy:
    """Return a policy that asks its source only while ``breaker`` lets it, and tells it the end.

    All sources of one upstream share a breaker. Raises ``CircuitOpen`` where it refuses; while its
    one probe is under way, others wait for what becomes of it, for ``PROBE_SECONDS``. Time that
    was spent in queues of ours is not held against the source.
    """

    def policy(source: Source) -> Source:
        async def guarded(call: Call) -> Reply:
            clock = call.deadline.clock
            started, before = clock(), breaker.state
            permit = breaker.acquire(started)
            if permit is None:
                permit, before = await _permit_after_probe(breaker, call)
                started = clock()
            if permit is None:
                emit(BreakerRefused(name))
                raise CircuitOpen(name)
            with waiting_noted() as waited:
                try:
                    _tell(breaker, before, emit)
                    reply = await source(call)
                except SourceError as error:
                    before, now = breaker.state, clock()
                    _end(permit, error, now, now - started - waited.seconds)
                    _tell(breaker, before, emit)
                    raise
                except BaseException:
                    # Cancelled, or a fault of our own: it proves nothing about the source.
                    permit.release(clock())
                    raise
            before, now = breaker.state, clock()
            permit.succeed(now, now - started - waited.seconds)
            if breaker.state is not before:
                _tell(breaker, before, emit)
            return reply

        return guarded

    return policy


async def _permit_after_probe(breaker: Breaker, call: Call) -> tuple[Permit | None, BreakerState]:
    """Return leave to ask, or None, and the state that the breaker was in when it was asked for.

    While a probe is under way, its end is awaited for a moment.
    """
    clock = call.deadline.clock
    before, permit = breaker.state, None
    patience = call.deadline.within(PROBE_SECONDS)
    while permit is None and breaker.probing and not patience.expired:
        await asyncio.sleep(LOOK_SECONDS)
        before, permit = breaker.state, breaker.acquire(clock())
    return permit, before


def _end(permit: Permit, error: SourceError, now: float, seconds: float) -> None:
    match verdict(error, seconds):
        case Verdict.FAILED:
            permit.fail(now, seconds)
        case Verdict.WELL:
            permit.succeed(now, seconds)
        case Verdict.NOTHING:
            permit.release(now)


def _tell(breaker: Breaker, before: BreakerState, emit: Listener) -> None:
    """Report what has become of the breaker since it was in the state ``before``."""
    if breaker.state is before:
        return
    match breaker.state:
        case BreakerState.OPEN:
            emit(BreakerOpened(breaker.upstream, breaker.cause.value, breaker.open_seconds))
        case BreakerState.HALF_OPEN:
            emit(BreakerHalfOpened(breaker.upstream))
        case BreakerState.CLOSED:
            emit(BreakerClosed(breaker.upstream))
