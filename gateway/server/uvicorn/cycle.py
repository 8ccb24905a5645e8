"""One request on uvicorn, and its answer."""

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.exchange import STALL_SECONDS

if TYPE_CHECKING:
    from gateway.server.uvicorn.line import Line


class BoundedCycle(RequestResponseCycle):
    """Waits for the visitor both ways, and ends the connection where nothing may follow.

    ``most_bytes`` is what the body may have.
    """

    def __init__(self, connection: "Line", most_bytes: int, **given: Any) -> None:
        super().__init__(**given)
        self._connection = connection
        self.most_bytes = most_bytes
        self.count = 0
        self._ends_with_connection = False

    @property
    def is_owed(self) -> bool:
        """Whether its visitor is still there, and waits for the end of the answer."""
        return not (self.response_complete or self.disconnected)

    def take(self, body: bytes) -> bool:
        """Take in a part of the body; return False where it becomes too large."""
        self.count += len(body)
        if self.count > self.most_bytes:
            return False
        if self.is_owed:
            self.body += body
            self.message_event.set()
        return True

    def complete(self) -> None:
        """Take note that the body has come to its end."""
        self.more_body = False
        self.message_event.set()

    def drop(self) -> None:
        """Tell the application that there is nobody any more."""
        self.disconnected = True
        self.message_event.set()

    async def send(self, message: Any) -> None:
        """Pass on a part of the answer, and wait where the visitor is slow to take it in."""
        if self.flow.write_paused and not self.disconnected:
            await self._taken_in()
        if not self.response_started:
            self._begin(message)
        elif self._ends_with_connection:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)

    async def receive(self) -> Any:
        """Return the next part of the body, or at last that there is nobody any more."""
        if not self.is_owed:
            return {"type": "http.disconnect"}
        if self.waiting_for_100_continue:
            self.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._connection.read_on()
        await self.message_event.wait()
        self.message_event.clear()
        if self.response_complete or self.disconnected:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def _begin(self, message: Any) -> None:
        # What still comes of a body that was not awaited would be taken for the next request.
        if self.more_body or self._connection.is_last:
            self.keep_alive = False
        if self.scope["http_version"] == "1.0" and self.scope["method"] != "HEAD":
            # It knows no chunks (RFC 9112, 6.1): what has no length ends with the connection.
            names = {name.lower() for name, _ in message.get("headers", ())}
            self._ends_with_connection = b"content-length" not in names
            self.chunked_encoding = False if self._ends_with_connection else None

    async def _taken_in(self) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self.flow.drain()
        except TimeoutError:
            self._connection.transport.abort()
            self.drop()


class WayOut:
    """A connection as its answers see it: who is done with it lets the visitor leave in peace."""

    def __init__(self, connection: "Line") -> None:
        transport = connection.transport
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = connection.let_go


class Farewell:
    """A refusal that waits behind the answers to earlier requests. ``answer`` is all of it."""

    def __init__(self, connection: "Line", answer: bytes) -> None:
        self._connection = connection
        self._answer = answer
        self.is_owed = True

    async def run_asgi(self, app: Any) -> None:
        """Say it, when its turn has come."""
        self.is_owed = False
        self._connection.say_farewell(self._answer)

    def drop(self) -> None:
        """Nobody waits for it any more."""
        self.is_owed = False
