"""single_flight: many who ask the same at once are one question."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.aggregation.background import give_up
from gateway.aggregation.cache import key_for
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.events import FlightJoined, Listener
from gateway.aggregation.source import Call, Policy, Reply, Source

POLL_SECONDS = 0.02
"""How often one who waits for another gateway looks whether the answer is there."""


class FleetLock(Protocol):
    """Tells gateways apart that ask the same. It never raises; it expires by itself."""

    async def acquire(self, key: str, seconds: float) -> bool:
        """Whether we are the one to ask. True also where nobody can tell."""
        ...

    async def release(self, key: str) -> None:
        """Let the next one ask, if the lock is still ours."""
        ...


@dataclass(frozen=True, slots=True)
class Fleet:
    """The other gateways: a lock, and a look at what they may have stored meanwhile."""

    lock: FleetLock
    look: Callable[[str], Awaitable[Reply | None]]


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Reply]"
    waiting: int = 0


def single_flight(name: str, fleet: Fleet | None, emit: Listener) -> Policy:
    """Return a policy under which one call for a key runs at a time: in this process, and by the
    fleet's lock in all of them.

    The call belongs to nobody: it goes on when the one who began it goes away, and ends when the
    last one who waits does. Each waits within its own deadline, and then raises ``SourceTimeout``.
    """

    def policy(source: Source) -> Source:
        flights: dict[str, _Flight] = {}

        async def joined(call: Call) -> Reply:
            key = key_for(name, call.args)
            flight = flights.get(key)
            if flight is None:
                flight = flights[key] = _Flight(asyncio.create_task(_fly(key, call)))
                flight.task.add_done_callback(lambda _: flights.pop(key, None))
            else:
                emit(FlightJoined(name))
            return await _land(flight, call)

        async def _fly(key: str, call: Call) -> Reply:
            if fleet is None:
                return await source(call)
            return await _alone_in(fleet, key, call, source)

        async def _land(flight: _Flight, call: Call) -> Reply:
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

        return joined

    return policy


async def _alone_in(fleet: Fleet, key: str, call: Call, source: Source) -> Reply:
    """Ask if nobody else in the fleet does; else wait for what they store, and ask in the end."""
    lifetime = call.deadline.remaining()
    if not await fleet.lock.acquire(key, lifetime):
        patience = call.deadline.within(lifetime / 2)
        while not patience.expired:
            await asyncio.sleep(POLL_SECONDS)
            if (found := await fleet.look(key)) is not None:
                return found
        return await source(call)
    try:
        return await source(call)
    finally:
        await fleet.lock.release(key)
