"""Answers on uvicorn: in their order, each to its end, and nobody is waited for for ever.

By itself uvicorn waits without end for what does not come or is not taken in, throws a visitor out
who is still sending, and tells of a visitor's leaving only the last of the requests in line.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.server.exchange import STALL_SECONDS
from gateway.server.refusal import LINGER_SECONDS, TOO_SLOW, answer_of
from gateway.server.uvicorn.cycle import Farewell, WayOut
from gateway.server.uvicorn.websocket import BoundedWebSocket

HEAD_SECONDS = 10.0
"""For how long the head of a request may be on its way, from its first byte."""

IDLE_SECONDS = 60.0
"""For how long nothing may come: of a body, or between two requests."""


class Line(HttpToolsProtocol):
    """A connection, and the requests on it that have no answer yet.

    ``running`` is the one that is being answered. Who is ``deaf`` reads no more.
    """

    def __init__(self, house: Any, **given: Any) -> None:
        super().__init__(**given)
        self.house = house
        self.pipeline: Any
        self.cycle: Any
        self.running: Any = None
        self.deaf = False
        self.in_head = False
        self.heard_at = self.head_began_at = self.idle_since = self.loop.time()
        self._left_at: float | None = None

    @property
    def is_last(self) -> bool:
        """Whether the server ends, and with it the connection."""
        return bool(self.house.draining)

    @property
    def owes(self) -> bool:
        """Whether somebody waits for the end of an answer."""
        return self.running is not None and bool(self.running.is_owed)

    @property
    def is_busy(self) -> bool:
        """Whether a request is being received or answered, or an answer is not yet taken in."""
        return self.in_head or self.owes or self.transport.get_write_buffer_size() > 0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        super().connection_made(transport)
        self.way_out: Any = WayOut(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, and tell all whose answers are not complete that there is nobody any more."""
        waiting = [cycle for cycle, _ in self.pipeline]
        self.pipeline.clear()
        for cycle in (self.running, *waiting):
            if cycle is not None:
                cycle.drop()
        self.connections.discard(self)
        self.flow.resume_writing()
        self.parser: Any = None

    def in_turn(self, cycle: Any) -> None:
        """Begin with an answer, when those before it have come to their end."""
        if self.owes:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))
        else:
            self.running = cycle
            self._start_asgi_task(cycle, self.app)

    def read_on(self) -> None:
        """Read on for a request whose body is wanted; not while others wait behind it."""
        if not self.pipeline:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Begin with the next answer."""
        self.server_state.total_requests += 1
        self.idle_since = self.loop.time()
        if self._left_at is not None or self.transport.is_closing():
            return
        if self.pipeline:
            self.running, app = self.pipeline.pop()
            self._start_asgi_task(self.running, app)
        self.flow.resume_reading()

    def refuse(self, refusal: tuple[bytes, bytes]) -> None:
        """Answer the request that is being read, when its turn has come, and read no more."""
        if self.deaf:
            return
        self.deaf = True
        farewell = Farewell(self, answer_of(refusal, to_a_person=self._is_for_a_person()))
        if not self.in_head and self.cycle is not None and self.cycle.more_body:
            self._refuse_the_rest_of(self.cycle, farewell)
        else:
            self.in_turn(farewell)

    def say_farewell(self, answer: bytes) -> None:
        """Send the last answer."""
        self._left_at = self.loop.time()
        self.transport.write(answer)
        self._linger()

    def let_go(self) -> None:
        """End the connection behind what was sent."""
        if self._left_at is not None:
            return
        self._left_at = self.loop.time()
        if self.deaf or self.in_head or (self.cycle is not None and self.cycle.more_body):
            self._linger()
        else:
            self.transport.close()

    def look(self, now: float) -> None:
        """End what has taken too long. It is called about once a second."""
        if self._left_at is not None:
            if now - self._left_at > STALL_SECONDS:
                self.transport.abort()
        elif self.in_head:
            if now - self.head_began_at > HEAD_SECONDS:
                self.refuse(TOO_SLOW)
        elif self.owes:
            awaited = self.cycle.more_body and not self.flow.read_paused
            if awaited and now - self.heard_at > IDLE_SECONDS:
                self.refuse(TOO_SLOW)
        elif now - self.idle_since > IDLE_SECONDS:
            self.let_go()

    def become_websocket(self, rest: bytes) -> None:
        """Hand the connection over, with what was read behind the request."""
        self.deaf = True
        self.connections.discard(self)
        BoundedWebSocket.take_over(self, rest)

    def _refuse_the_rest_of(self, cycle: Any, farewell: Farewell) -> None:
        """Refuse a request whose body is on its way; its application is, or will be, at work."""
        cycle.drop()
        if cycle is not self.running:
            self.pipeline[0] = (farewell, self.app)
        elif cycle.response_started:
            self.let_go()
        else:
            self.running = None
            self.in_turn(farewell)

    def _linger(self) -> None:
        """Let by what still comes, for a moment.

        To close at once would reset the connection, and the visitor might lose the answer.
        """
        self.deaf = True
        self.flow.resume_reading()
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _is_for_a_person(self) -> bool:
        wanted = [value for name, value in self.headers or () if name == b"accept"]
        return b"text/html" in b",".join(wanted)
