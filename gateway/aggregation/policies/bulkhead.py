"""bulkhead: so many calls of an upstream run at once, a few more wait, the rest is turned away."""

import asyncio
from functools import partial

from gateway.aggregation.errors import BulkheadFull, SourceError
from gateway.aggregation.events import BulkheadRefused, BulkheadWaited, LimitChanged, Listener
from gateway.aggregation.gate import Gate, Ticket, Turn
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source
from gateway.aggregation.verdict import speaks_of_overload
from gateway.aggregation.waiting import note_waiting


@layer
def bulkhead(name: str, gate: Gate, emit: Listener) -> Policy:
    """Return a policy that asks its source when ``gate`` lets the call in, and tells it the end.

    All sources of one upstream share a gate. It stands outside the timeout: the wait is no time of
    the source's. Raises ``BulkheadFull`` for a call that is turned away.
    """

    def policy(source: Source) -> Source:
        async def guarded(call: Call) -> Reply:
            clock = call.deadline.clock
            ticket = gate.enter(clock(), call.deadline.at)
            try:
                if ticket.turn is not Turn.INSIDE:
                    await _turn_of(ticket, name, call, emit)
                return await _asked(source, call, gate, emit)
            finally:
                gate.leave(ticket, clock())

        return guarded

    return policy


async def _turn_of(ticket: Ticket, name: str, call: Call, emit: Listener) -> None:
    """Return when the call is let in. Raises ``BulkheadFull`` when it will not be."""
    clock = call.deadline.clock
    came = clock()
    turn = await _decided(ticket, ticket.until - came)
    waited = clock() - came
    # Where the loop was busy, a call may be let in and learn of it too late.
    if turn is not Turn.INSIDE or clock() > ticket.useful_until:
        cause = Turn.FULL if turn is Turn.FULL else Turn.LATE
        emit(BulkheadRefused(name, cause.value, waited))
        raise BulkheadFull(name, f"{cause.value} after {waited:.3f} s")
    note_waiting(waited)
    emit(BulkheadWaited(name, waited))


async def _decided(ticket: Ticket, seconds: float) -> Turn:
    """Wait until the ticket's turn has come or is lost, for at most ``seconds``; return it."""
    if ticket.turn is Turn.WAITING:
        decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ticket.wake = partial(decided.set_result, None)
        await asyncio.wait({decided}, timeout=seconds)
    return ticket.turn


async def _asked(source: Source, call: Call, gate: Gate, emit: Listener) -> Reply:
    """Ask, and let the gate learn from the end; a call that was cancelled teaches nothing."""
    clock = call.deadline.clock
    started = clock()
    try:
        reply = await source(call)
    except SourceError as error:
        if speaks_of_overload(error, clock() - started):
            _learn(gate, started, clock(), late=True, emit=emit)
        raise
    now = clock()
    _learn(gate, started, now, late=now - started > gate.rules.late_seconds, emit=emit)
    return reply


def _learn(gate: Gate, started: float, now: float, *, late: bool, emit: Listener) -> None:
    before = gate.limit
    gate.learn(started, now, late)
    if gate.limit != before:
        emit(LimitChanged(gate.upstream, gate.limit))
