"""A WebSocket on uvicorn that is bounded both ways, and that is told when the server ends.

uvicorn stops reading while the application has a message, but it answers pings as fast as they come
whether anybody takes the answers in or not, hands on all that came in one piece, and closes without
waiting until the visitor has heard why.
"""

import asyncio
import contextlib
import socket
from typing import Any, Self

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from gateway.server.pace import (
    CLOSE_SECONDS,
    FAREWELL,
    GOING_AWAY,
    LAST_BYTES,
    LAST_FRAMES,
    READ_BYTES,
    SEND_BUFFER_BYTES,
    Pace,
)
from gateway.server.refusal import BAD_REQUEST, LINGER_SECONDS, answer_of

MOST_REASON_BYTES = 123

Message = dict[str, Any]


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket, from its handshake on. ``house`` is the server."""

    is_busy = True

    def __init__(self, house: Any, **given: Any) -> None:
        super().__init__(**given)
        self.house = house
        self.close_timeout = CLOSE_SECONDS
        self._pace = Pace(self.loop.time())
        self._pause: asyncio.TimerHandle | None = None
        self._unread = bytearray()
        self._deaf = False
        self._last_bytes = 0
        self._last_frames = 0
        self._left_at: float | None = None
        self._room = asyncio.Event()
        self._room.set()

    @classmethod
    def take_over(cls, connection: Any, rest: bytes) -> Self:
        """Go on with a connection whose request wanted a WebSocket. ``rest`` is what followed."""
        websocket = cls(
            connection.house,
            config=connection.config,
            server_state=connection.server_state,
            app_state=connection.app_state,
            _loop=connection.loop,
        )
        connection.flow.resume_reading()
        websocket.connection_made(connection.transport)
        connection.transport.set_protocol(websocket)
        websocket._shake_hands(connection)
        if rest:
            websocket.data_received(rest)
        return websocket

    def connection_made(self, transport: Any) -> None:
        """Begin. What a visitor does not take in must not fill the kernel's memory."""
        super().connection_made(transport)
        if (plug := transport.get_extra_info("socket")) is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, and let nobody wait for the visitor any more."""
        if self._pause is not None:
            self._pause.cancel()
        self._unread.clear()
        self._room.set()
        super().connection_lost(exc)

    # --- What comes ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Keep what has come, and read of it what may be read now."""
        if not self._deaf:
            self._unread += data
            self._read()

    def handle_events(self) -> None:
        """Hand on what was read; count the frames that come after we have closed."""
        if self.close_sent:
            self._last_frames += len(self.conn.events)
        super().handle_events()

    def handle_cont(self, event: Any) -> None:
        """Take a further part of a message; empty ones, of which there may be no end, are none."""
        if event.data or event.fin:
            super().handle_cont(event)

    def handle_parser_exception(self) -> None:
        """Say what was wrong, and let the visitor hear it before the connection ends."""
        self._deaf = self.close_sent = True
        self._unread.clear()
        if (said := self.conn.close_sent) is not None:
            self._tell(said.code, said.reason)
        self._linger()

    async def receive(self) -> Any:
        """Return the next message, in the order in which they came. Only then more is read."""
        if self.queue.empty():
            self._read()
        return await self.queue.get()

    def _read(self) -> None:
        """Read a little at a time of what has come, until there is a reason to wait."""
        while self._unread and not self._waits():
            piece = bytes(self._unread[:READ_BYTES])
            del self._unread[:READ_BYTES]
            super().data_received(piece)
            self._measure(len(piece))
        self._steer()

    def _waits(self) -> bool:
        """Whether nothing is read now."""
        if self._deaf or self.transport.is_closing():
            return True
        if self.close_sent:
            return self._last_bytes > LAST_BYTES or self._last_frames > LAST_FRAMES
        return bool(self._pause or not self._room.is_set() or not self.queue.empty())

    def _measure(self, count: int) -> None:
        """Stop reading for as long as it takes until so many bytes would have been welcome."""
        if self.close_sent:
            self._last_bytes += count
        elif seconds := self._pace.spend(count, self.loop.time()):
            self._pause = self.loop.call_later(seconds, self._paused)

    def _paused(self) -> None:
        self._pause = None
        self._read()

    def _steer(self) -> None:
        """Let the connection bring more only where there is nothing to wait for."""
        if self.transport.is_closing():
            return
        self.read_paused = bool(self._unread) or (self._waits() and not self._deaf)
        if self.read_paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # --- What goes ----------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Take note that enough waits to be sent. Pings are answered too, so nothing is read."""
        self._room.clear()
        self._steer()

    def resume_writing(self) -> None:
        """Take note that it has been sent."""
        self._room.set()
        self._read()

    async def send(self, message: Any) -> None:
        """Do what the application says, and wait where the visitor is slow to take it in."""
        if self.close_sent:
            return
        if message["type"] == "websocket.close":
            reason = (message.get("reason") or "").encode()[:MOST_REASON_BYTES]
            message = {**message, "reason": reason.decode(errors="ignore")}
        await super().send(message)
        if message["type"] == "websocket.accept" and self.house.draining:
            self.go_away()
        elif self.close_timer is not None:
            self._await_reply()
        elif not self.close_sent:
            await self._room.wait()

    def go_away(self) -> None:
        """Close because the server ends: whoever is there comes back to another one."""
        if not self.handshake_complete or self.close_sent or self.disconnected:
            return
        with contextlib.suppress(InvalidState):
            self.conn.send_close(GOING_AWAY, FAREWELL)
            self._tell(GOING_AWAY, FAREWELL)
            self.close_sent = True
            self._await_reply()

    def look(self, now: float) -> None:
        """Hang up on a visitor who does not take in our last words."""
        if not self.transport.is_closing():
            return
        self._left_at = self._left_at or now
        if now - self._left_at > CLOSE_SECONDS:
            self.transport.abort()

    def _tell(self, code: int, reason: str) -> None:
        """Tell the application that it is over, and the visitor what is ready to be sent."""
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))

    def _await_reply(self) -> None:
        """Wait for the visitor's own close, for a while; then hang up."""
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
        self._read()

    def _linger(self) -> None:
        self.transport.resume_reading()
        self.transport.write_eof()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _shake_hands(self, connection: Any) -> None:
        """Let the library judge the request that was read."""
        fields = [b"%b: %b\r\n" % field for field in connection.headers]
        first = (
            connection.scope["method"].encode(),
            connection.url,
            connection.scope["http_version"].encode(),
        )
        self.conn.receive_data(b"%b %b HTTP/%b\r\n" % first + b"".join(fields) + b"\r\n")
        self.handle_events()
        if not self.handshake_initiated:
            self._deaf = self.close_sent = True
            self.transport.write(answer_of(BAD_REQUEST))
            self._linger()
