"""What flows through a connection no faster than the slower end: a body in, an answer out."""

import asyncio
from collections.abc import Callable
from typing import Any

MOST_WAITING_BYTES = 524_288
"""Of a body, beside what the application works on; then the visitor has to wait."""


class Incoming:
    """A body on its way: parts go in as they come, and the application takes out what is there.

    ``hold`` is called when too much waits, ``go_on`` when the application has taken it.
    """

    def __init__(self, hold: Callable[[], None], go_on: Callable[[], None]) -> None:
        self.ended = False
        self.count = 0
        self._hold = hold
        self._go_on = go_on
        self._held = False
        self._gone = False
        self._told = False
        self._parts: list[bytes] = []
        self._waiting = 0
        self._news = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Take in a part."""
        self.count += len(data)
        if self._gone:
            return
        self._parts.append(data)
        self._waiting += len(data)
        self._news.set()
        if self._waiting > MOST_WAITING_BYTES and not self._held:
            self._held = True
            self._hold()

    def end(self) -> None:
        """Take note that the body is complete."""
        self.ended = True
        self._news.set()

    def drop(self) -> None:
        """Take note that nobody wants the rest: the visitor is gone, or has been answered."""
        self._gone = True
        self._news.set()
        self._release()

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Be the queue that Daphne speaks to: it tells of the end, and of a body that it has not.

        The latter would be an empty one, from before any part came.
        """
        if message["type"] == "http.disconnect":
            self.drop()

    async def receive(self) -> dict[str, Any]:
        """Return the application's next message: all that waits; then the end, or a disconnect."""
        while True:
            if self._parts or (self.ended and not self._told):
                return self._next()
            if self._gone:
                return {"type": "http.disconnect"}
            self._news.clear()
            await self._news.wait()

    def _next(self) -> dict[str, Any]:
        body = b"".join(self._parts)
        self._parts.clear()
        self._waiting = 0
        self._told = self.ended
        self._release()
        return {"type": "http.request", "body": body, "more_body": not self.ended}

    def _release(self) -> None:
        if self._held:
            self._held = False
            self._go_on()


class Outgoing:
    """Tells when the visitor has taken in what was sent. A producer, as Twisted calls it."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that enough waits to be sent."""
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that it has been sent."""
        self._free.set()

    stopProducing = resumeProducing  # noqa: N815 - Twisted's name

    @property
    def full(self) -> bool:
        """Whether enough waits to be sent."""
        return not self._free.is_set()

    async def room(self) -> None:
        """Wait until more may be sent."""
        await self._free.wait()
