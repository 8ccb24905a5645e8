"""single_flight: many who ask the same at once are one question."""

import asyncio
from dataclasses import dataclass

from gateway.aggregation.background import give_up
from gateway.aggregation.cache import key_for
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.events import FlightJoined, Listener
from gateway.aggregation.source import Call, Policy, Reply, Source


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Reply]"
    waiting: int = 0


def single_flight(name: str, emit: Listener) -> Policy:
    """Return a policy under which one call for a key runs at a time in this process.

    The call belongs to nobody: it goes on when the one who began it goes away, and ends when the
    last one who waits does. Each waits within its own deadline, and then raises ``SourceTimeout``.
    """

    def policy(source: Source) -> Source:
        flights: dict[str, _Flight] = {}

        async def joined(call: Call) -> Reply:
            key = key_for(name, call.args)
            if (flight := flights.get(key)) is None:
                flight = flights[key] = _Flight(asyncio.ensure_future(source(call)))
                flight.task.add_done_callback(lambda _: flights.pop(key, None))
            else:
                emit(FlightJoined(name))
            return await _land(name, flight, call)

        return joined

    return policy


async def _land(name: str, flight: _Flight, call: Call) -> Reply:
    flight.waiting += 1
    try:
        await asyncio.wait({flight.task}, timeout=call.deadline.remaining())
    finally:
        flight.waiting -= 1
        if not flight.waiting:
            give_up([flight.task])
    if not flight.task.done():
        raise SourceTimeout(name, "the call that was joined took too long")
    return flight.task.result()
