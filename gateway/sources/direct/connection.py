"""One connection to an upstream, and the reply that is being read from it.

The parser is llhttp, as httptools wraps it. Everything that comes is counted before it is kept.
"""

import asyncio
import time
from typing import cast

import httptools

from gateway.aggregation.errors import (
    BadProtocol,
    BadStatus,
    ReplyTooLarge,
    SourceDisconnected,
    SourceError,
)
from gateway.sources.direct.reply import Headers, HeardReply, Wanted

MOST_HEAD_BYTES = 16_384
MOST_FIELD_BYTES = 8_190
MOST_INTERIM = 16
"""Replies with a status of 1xx (RFC 9110, 15.2) in a row; we never ask for one."""

_BODILESS = (204, 304)
_SWITCHING = 101
_FIRST_FINAL = 200


class Connection(asyncio.Protocol):
    """Asks one question after another. It is of no further use once ``usable`` is False.

    ``head_at`` is when the head of the latest reply was there (monotonic), and ``heard_anything``
    whether any byte of it came.
    """

    head_at: float
    _fields: list[tuple[str, str]]
    _refusal: SourceError | None
    _is_complete: bool
    _ends_with_connection: bool

    def __init__(self) -> None:
        self.usable = True
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[HeardReply] | None = None
        self._source = ""
        self._wanted = Wanted(0)
        self._begin()

    # --- what the pool does with it ---------------------------------------------------------

    async def ask(self, source: str, question: bytes, wanted: Wanted) -> HeardReply:
        """Return the reply to ``question``. Raises ``SourceError``; cancelled, it hangs up."""
        self._source, self._wanted = source, wanted
        self._begin()
        self._interim = 0
        self.heard_anything = False
        self._waiter = asyncio.get_running_loop().create_future()
        cast(asyncio.Transport, self._transport).write(question)
        try:
            return await self._waiter
        finally:
            self._waiter = None
            if not self._is_complete:
                self.hang_up()

    def hang_up(self) -> None:
        """End the connection at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio's side ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where questions go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read on. What comes without a question ends the connection."""
        if self._waiter is None or self._waiter.done():
            self.hang_up()
            return
        self.heard_anything = True
        self._head_bytes += 0 if self._head_is_read else len(data)
        try:
            self._parser.feed_data(data)
        except SourceError as error:
            self._fail(error)
        except httptools.HttpParserUpgrade:
            self._fail(BadProtocol(self._source, "it wants to speak something else"))
        except httptools.HttpParserError as error:
            # What a callback of ours has raised is the context of what the parser makes of it.
            cause = error.__context__
            ours = cause if isinstance(cause, SourceError) else None
            self._fail(ours or BadProtocol(self._source, type(error).__name__))
        else:
            self._look()

    def _look(self) -> None:
        """Hand over what is there by now: a reply, or why there will be none."""
        if self._refusal is not None:
            if not self._is_complete:
                self.hang_up()  # nobody waits for the rest of what is not wanted
            self._end(self._refusal)
        elif self._is_complete:
            self._end(self._reply())
        elif not self._head_is_read and self._head_bytes > MOST_HEAD_BYTES:
            self._fail(BadProtocol(self._source, "a head without end"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the reply: where nothing says how long it is, the end of the connection does."""
        self.usable = False
        if self._waiter is None or self._waiter.done():
            return
        if exc is None and self._head_is_read and self._ends_with_connection:
            self._is_complete = True
            self._end(self._reply())
        else:
            self._fail(SourceDisconnected(self._source, type(exc).__name__ if exc else "closed"))

    # --- the parser's side ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Refuse a second reply to one question."""
        if self._is_complete:
            self.usable = False
            raise BadProtocol(self._source, "more than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; those behind the body (RFC 9110, 6.5) are counted alone."""
        self._field_bytes += len(name) + len(value)
        if len(name) + len(value) > MOST_FIELD_BYTES or self._field_bytes > MOST_HEAD_BYTES:
            raise BadProtocol(self._source, "fields that are too long, or too many")
        if self._head_is_read:
            return
        self._fields.append((name.lower().decode("latin1"), value.decode("latin1")))

    def on_headers_complete(self) -> None:
        """Judge the head; an interim one is passed over."""
        status = self._parser.get_status_code()
        if status == _SWITCHING:
            raise BadStatus(self._source, status)  # to something that we do not speak
        if status < _FIRST_FINAL:
            return
        self._head_is_read = True
        self.head_at = time.monotonic()
        self._status = status
        self._headers = Headers(self._fields)
        try:
            self._wanted.judge(self._reply())
        except SourceError as refusal:
            self._refusal = refusal
        framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        self._ends_with_connection = not framed and status not in _BODILESS

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, unless the whole becomes too large."""
        self._body += body
        if len(self._body) > self._wanted.most_bytes:
            most = f"more than {self._wanted.most_bytes} bytes"
            raise self._refusal or ReplyTooLarge(self._source, most)

    def on_message_complete(self) -> None:
        """Take note that the reply is whole; after an interim one, wait for the next."""
        if not self._head_is_read:
            self._interim += 1
            self._fields = []
            self._field_bytes = self._head_bytes = 0
            if self._interim > MOST_INTERIM:
                raise BadProtocol(self._source, "one interim reply after another")
            return
        self._is_complete = True
        self.usable = self.usable and self._parser.should_keep_alive()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._fields = []
        self._headers = Headers(())
        self._body = bytearray()
        self._refusal = None
        self._status = 0
        self._field_bytes = self._head_bytes = 0
        self._head_is_read = self._is_complete = self._ends_with_connection = False
        self.head_at = 0.0

    def _reply(self) -> HeardReply:
        return HeardReply(self._status, self._headers, bytes(self._body))

    def _end(self, outcome: HeardReply | SourceError) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if isinstance(outcome, SourceError):
            self._waiter.set_exception(outcome)
        else:
            self._waiter.set_result(outcome)

    def _fail(self, error: SourceError) -> None:
        self._is_complete = False
        self._end(error)
        self.hang_up()
