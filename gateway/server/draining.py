"""How a server ends without losing a request: it says so, closes its door, and waits."""

import asyncio
from typing import Protocol

from gateway.server.terms import Ending

POLL_SECONDS = 0.02
QUIET_SECONDS = 0.25
"""For how long nothing must have been in flight before we believe that nothing more comes."""


class Drainable(Protocol):
    """A server as its end sees it."""

    async def empty_doorstep(self) -> None:
        """Let nobody more begin to connect, and those come in who have begun."""

    def close_door(self) -> None:
        """Take no more connections, and let those that are here end with their next answer."""

    def part_with_websockets(self) -> None:
        """Close them: they would last for hours, and whoever is there comes back to another one."""

    def is_busy(self) -> bool:
        """Whether a request is being received or answered, or an answer is not yet taken in."""


async def drain(server: Drainable, ending: Ending) -> None:
    """Return when ``server`` may stop: everybody has his answer, or the time for it is over."""
    ending.begin()
    await asyncio.sleep(ending.notice_seconds)
    await server.empty_doorstep()
    server.close_door()
    server.part_with_websockets()
    await _quiet(server, ending.drain_seconds)
    await ending.finish()


async def _quiet(server: Drainable, most_seconds: float) -> None:
    """Return once nothing has been in flight for a moment, or when the time is over."""
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    until = quiet_since + most_seconds
    while loop.time() < min(until, quiet_since + QUIET_SECONDS):
        await asyncio.sleep(POLL_SECONDS)
        if server.is_busy():
            quiet_since = loop.time()
