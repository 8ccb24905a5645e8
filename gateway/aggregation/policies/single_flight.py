"""single_flight: many who ask the same at once are one question."""

import asyncio
from dataclasses import dataclass

from gateway.aggregation.background import done_within, give_up
from gateway.aggregation.cache import key_for
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.events import FlightJoined, Listener
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Reply]"
    waiting: int = 0


@layer
def single_flight(name: str, emit: Listener) -> Policy:
    """Return a policy under which one call for a key runs at a time in this process.

    The call belongs to nobody: it goes on when the one who began it goes away, and ends when the
    last one who waits does. Each waits within its own deadline, and then raises ``SourceTimeout``.
    """

    return lambda source: _Flights(name, emit, source)


class _Flights:
    def __init__(self, name: str, emit: Listener, source: Source) -> None:
        self._name = name
        self._emit = emit
        self._source = source
        self._running: dict[str, _Flight] = {}

    async def __call__(self, call: Call) -> Reply:
        key = key_for(self._name, call.args)
        flight = self._board(key, call)
        flight.waiting += 1
        try:
            await done_within([flight.task], call.deadline.remaining())
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._end(key, flight)
        if not flight.task.done():
            raise SourceTimeout(self._name, "the call that was joined took too long")
        return flight.task.result()

    def _board(self, key: str, call: Call) -> _Flight:
        """Return the flight that runs; a new one if there is none, or it has landed already."""
        flight = self._running.get(key)
        if flight is not None and not flight.task.done():
            self._emit(FlightJoined(self._name))
            return flight
        self._running[key] = flight = _Flight(asyncio.ensure_future(self._source(call)))
        return flight

    def _end(self, key: str, flight: _Flight) -> None:
        """Forget the flight at once: nobody must join a call that is being given up."""
        if self._running.get(key) is flight:
            del self._running[key]
        give_up([flight.task])
