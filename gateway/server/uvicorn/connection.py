"""Reading requests on uvicorn: no more of them than we say, and nothing that has two meanings.

By itself uvicorn bounds neither the head of a request nor its body, nor how many wait in line.
"""

import asyncio
import logging
import urllib.parse
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from gateway.server.guests import note
from gateway.server.refusal import (
    BAD_REQUEST,
    HEADER_TOO_LARGE,
    NO_SUCH_METHOD,
    TOO_LARGE,
    URI_TOO_LONG,
)
from gateway.server.uvicorn import heads
from gateway.server.uvicorn.cycle import BoundedCycle
from gateway.server.uvicorn.guest import Guest
from gateway.server.uvicorn.heads import Framing, Refused
from gateway.web.streaming import streamed_bytes

log = logging.getLogger(__name__)

MOST_IN_LINE = 16
"""Requests of one visitor that wait behind one that is being answered; then he has to come anew."""

EXPECTED = (Refused, UnicodeError, httptools.HttpParserInvalidURLError)
"""What reading a request may fail with. All else is a fault of ours."""


class BoundedConnection(Guest):
    """Reads requests, one after another. Once it has refused something, it reads no more."""

    def __init__(self, house: Any, **given: Any) -> None:
        super().__init__(house, **given)
        self._telling: list[heads.Field] = []
        self._framing = Framing(0, websocket=False)
        self._head_bytes = 0
        self._explained = 0
        self._unexplained = 0

    def data_received(self, data: bytes) -> None:
        """Read on, unless the connection is about to end."""
        if self.deaf or self.is_answered(data):
            return
        self.heard_at = self.loop.time()
        self._explained = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse_what_cannot_be_read(error, data)
        else:
            self._unexplained += len(data) - self._explained
            if self._unexplained > heads.MOST_BYTES:
                # The beginning of a field, or extensions of chunks, without an end.
                self.refuse(HEADER_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin with a request."""
        if len(self.pipeline) >= MOST_IN_LINE:
            self.deaf = True
            self.cycle.keep_alive = False
            raise Refused(BAD_REQUEST)
        super().on_message_begin()
        self.in_head = True
        self.head_began_at = self.heard_at
        self._telling = []
        self._head_bytes = self._unexplained = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._explained += len(url)
        self.url += url
        if len(self.url) > heads.MOST_BYTES:
            raise Refused(URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head. Behind a body there may be some too, which nobody needs."""
        size = len(name) + len(value)
        self._explained += size + 4
        self._head_bytes += size
        if self._head_bytes > heads.MOST_BYTES or len(self.headers) >= heads.MOST_FIELDS:
            raise Refused(HEADER_TOO_LARGE)
        if not self.in_head:
            return
        name = name.lower()
        if name in heads.TELLING:
            self._telling.append((name, value))
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin with the answer, unless the request is refused by its head."""
        version = self.parser.get_http_version()
        self._framing = heads.framing(version, self._telling)
        self._explained += 16
        self.in_head = False
        self._describe(version)
        if self._framing.websocket:
            if self.owes or not self.url.isascii():
                raise Refused(BAD_REQUEST)
            return
        most = self._most_bytes()
        if (self._framing.length or 0) > most:
            raise Refused(TOO_LARGE)
        self.cycle = self._new_cycle(version, most)
        self.in_turn(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a body, unless the whole becomes too large."""
        self._explained += len(body)
        if not self.cycle.take(body):
            raise Refused(TOO_LARGE)
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_chunk_header(self) -> None:
        """Take note of the beginning of a chunk."""
        self._explained += 8

    def on_message_complete(self) -> None:
        """Take note that a request has come to its end."""
        if not self._framing.websocket:
            self.cycle.complete()

    def _most_bytes(self) -> int:
        names = {name for name, _ in self.headers}
        streamed = streamed_bytes(
            self.scope["method"], self.scope["path"], lambda name: name.encode() in names
        )
        return self.house.most_body_bytes if streamed is None else streamed

    def _describe(self, version: str) -> None:
        """Complete the scope of the request."""
        parsed = httptools.parse_url(self.url)
        raw_path = parsed.path or b"/"  # RFC 9112, 3.2.2: where an absolute address names none
        path = raw_path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        self.scope["raw_path"] = raw_path
        self.scope["query_string"] = parsed.query or b""
        note(self, self.scope)

    def _new_cycle(self, version: str, most_bytes: int) -> BoundedCycle:
        return BoundedCycle(
            self,
            most_bytes,
            scope=self.scope,
            transport=self.way_out,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=_awaits_continue(self.headers),
            keep_alive=version == "1.1" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def _go_on_after_upgrade(self, rest: bytes) -> None:
        """Become a WebSocket; else nothing changes, and what follows is read as before."""
        if self._framing.websocket:
            self.become_websocket(rest)
        elif rest:
            self.data_received(rest)

    def _refuse_what_cannot_be_read(self, error: Exception, data: bytes) -> None:
        cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
        if isinstance(cause, Refused):
            self.refuse(cause.refusal)
            return
        if cause is not None and not isinstance(cause, EXPECTED):
            log.error("connection.failed", exc_info=cause)
        unknown = isinstance(error, httptools.HttpParserInvalidMethodError)
        begins = not self._explained  # else the method is somewhere in the middle of it
        known = not (unknown and begins and heads.is_a_method(data))
        self.refuse(BAD_REQUEST if known else NO_SUCH_METHOD)


def _awaits_continue(headers: list[heads.Field]) -> bool:
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)
