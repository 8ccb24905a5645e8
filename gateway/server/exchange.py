"""A plain request and its answer, the same on every server of ours, past the server's own parser.

The doorman has read a plain request already (``plain.py``). To let the server read it again, line
by line, and make a request of its own of it, takes a fifth of the time of a composed page.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Protocol

from gateway.server.framing import Framing
from gateway.server.plain import Plain

STALL_SECONDS = 30.0
"""For how long a visitor may take in nothing of an answer that is longer than the buffers."""

MOST_AT_ONCE = 65_536
"""Bytes of an answer that are put together in one turn of the event loop."""

log = logging.getLogger(__name__)


class Line(Protocol):
    """The connection of an exchange."""

    @property
    def is_last(self) -> bool:
        """Whether no further request is wanted, whatever the visitor wants."""

    @property
    def is_full(self) -> bool:
        """Whether more waits to be sent than should."""

    def write(self, data: bytes) -> None:
        """Send ``data``, behind all that was sent before."""

    async def room(self) -> None:
        """Wait until more may be sent, or until the connection has ended."""

    def exchanged(self, last: bool) -> None:
        """Go on with what comes next, or end the connection behind the ``last`` answer."""

    def abort(self) -> None:
        """End the connection, whatever is on its way."""


class Exchange:
    """One plain request, ``scope``, and its answer on ``line``."""

    more_body = False
    """It has none, as the server asks of all that it reads."""

    def __init__(self, line: Line, plain: Plain, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.keep_alive = True
        """False where what follows on the connection is not to be read any more."""
        self.is_owed = True
        """Whether the visitor is still there, and waits for the end of the answer."""
        self._line = line
        self._plain = plain
        self._is_asked_for = False
        self._gone: asyncio.Event | None = None
        self._framing: Framing | None = None
        self._written = 0
        self._head = b""
        """What was not sent yet: it goes with the beginning of the body."""

    async def run_asgi(self, app: Any) -> None:
        """Let ``app`` answer. Where it fails, is cancelled or says no end, its visitor hears."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:
            log.exception("application.failed")
        finally:
            if self.is_owed:
                self._fail()

    def drop(self) -> None:
        """Tell the application that there is nobody any more."""
        self.is_owed = False
        if self._gone is not None:
            self._gone.set()

    async def receive(self) -> dict[str, Any]:
        """Return the request's body, which is empty; then, at last, that it is over."""
        if not self._is_asked_for:
            self._is_asked_for = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if self.is_owed:
            self._gone = self._gone or asyncio.Event()
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Send a part of the answer, when the visitor has taken in what was sent before."""
        if self._written > MOST_AT_ONCE:
            self._written = 0
            await asyncio.sleep(0)  # it goes out when the turn ends, and then it is known how far
        if self.is_owed and self._line.is_full:
            await self._taken_in()
        if not self.is_owed:
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._go_on(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise ValueError(f"An answer has no part of the type {message['type']!r}.")

    def _begin(self, status: int, headers: Any) -> None:
        if self._framing is not None:
            raise ValueError("The answer has begun already.")
        framing = Framing(self._plain, self._line.is_last or not self.keep_alive)
        self._head = framing.head(status, headers)
        self._framing = framing
        if framing.is_chunked:
            self._write(b"")  # whoever waits for what comes bit by bit wants to know that it will

    def _go_on(self, part: bytes, *, more: bool) -> None:
        if self._framing is None:
            raise ValueError("The answer has not begun.")
        self._write(self._framing.body(part, more=more))
        if not more:
            self.drop()
            self._line.exchanged(self._framing.last)

    def _write(self, data: bytes) -> None:
        if data := self._head + data:
            self._head = b""
            self._written += len(data)
            self._line.write(data)

    def _fail(self) -> None:
        """Say that there will be no answer, where that can still be said."""
        if self._framing is not None and not self._head:
            self.drop()
            self._line.abort()
            return
        self._framing, self.keep_alive = None, False
        said = b"Internal Server Error\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(said))]
        self._begin(HTTPStatus.INTERNAL_SERVER_ERROR, headers)
        self._go_on(said, more=False)

    async def _taken_in(self) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._line.room()
        except TimeoutError:
            self.drop()
            self._line.abort()


def scope_of(plain: Plain, scheme: str, client: Any, server: Any) -> dict[str, Any]:
    """Return what ASGI says of a request; ``client`` and ``server`` are addresses."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": plain.version,
        "method": "HEAD" if plain.is_head else "GET",
        "path": plain.path,
        "raw_path": plain.path.encode("ascii"),
        "query_string": plain.query,
        "root_path": "",
        "scheme": scheme,
        "headers": list(plain.headers),
        "client": client,
        "server": server,
    }
