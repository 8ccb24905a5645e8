"""A WebSocket on Daphne that is bounded both ways, and that is told when the server ends.

Daphne by itself keeps all that comes until the application takes it, and all that is sent until the
visitor does. Here reading stops while the application has enough to do, while the visitor does not
read, and while more comes than a person types; and sending waits.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

import daphne.server
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from gateway.server.flow import Outgoing
from gateway.server.pace import (
    CLOSE_SECONDS,
    FAREWELL,
    GOING_AWAY,
    LAST_BYTES,
    LAST_FRAMES,
    MOST_MESSAGE_BYTES,
    PING_SECONDS,
    READ_BYTES,
    SEND_BUFFER_BYTES,
    Pace,
)

OPTIONS = {
    # Say why before the connection ends: otherwise it would be cut without a code.
    "failByDrop": False,
    "closeHandshakeTimeout": CLOSE_SECONDS,
    "autoPingTimeout": PING_SECONDS,
    "maxMessagePayloadSize": MOST_MESSAGE_BYTES,
    "maxFramePayloadSize": MOST_MESSAGE_BYTES,
}

Message = dict[str, Any]


class Inbox:
    """What has come and waits for the application. ``hold`` and ``go_on`` steer the reading.

    It is all that Daphne wants of its queue, and what the application receives from.
    """

    def __init__(self, hold: Callable[[], None], go_on: Callable[[], None]) -> None:
        self._hold = hold
        self._go_on = go_on
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()

    def put_nowait(self, message: Message) -> None:
        """Take in a message, and stop the reading until it has been taken out."""
        self._waiting.append(message)
        self._news.set()
        self._hold()

    async def receive(self) -> Message:
        """Return the next message, in the order in which they came."""
        while not self._waiting:
            self._news.clear()
            self._go_on()
            await self._news.wait()
        return self._waiting.popleft()


class _ReadsToo(Outgoing):
    """Stops the reading as well while the visitor takes in nothing: pings are answered too."""

    def __init__(self, hold: Callable[[], None], go_on: Callable[[], None]) -> None:
        super().__init__()
        self._hold = hold
        self._go_on = go_on

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that enough waits to be sent."""
        super().pauseProducing()
        self._hold()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that it has been sent."""
        super().resumeProducing()
        self._go_on()

    stopProducing = Outgoing.stopProducing  # noqa: N815 - Twisted's name


class BoundedWebSocket(WebSocketProtocol):
    """One WebSocket. ``self.server`` is the ``GracefulServer``."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Take over the connection from the channel that read the handshake."""
        self._held: set[str] = set()
        self._pace = Pace(_now())
        self._pause: asyncio.TimerHandle | None = None
        self._last_bytes = 0
        self._last_frames = 0
        self.incoming = Inbox(lambda: self._stop("inbox"), lambda: self._go_on("inbox"))
        self._outgoing = _ReadsToo(lambda: self._stop("slow"), lambda: self._go_on("slow"))
        self.transport.unregisterProducer()
        self.transport.registerProducer(self._outgoing, True)
        self.transport.bufferSize = READ_BYTES
        self.transport.getHandle().setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES
        )
        super().connectionMade()

    def onConnect(self, request: Any) -> Any:  # noqa: N802 - Autobahn's name
        """Begin the handshake. Daphne reads the names of subprotocols, and only as ASCII."""
        if not all(value.isascii() for value in request.protocols):
            raise ConnectionDeny(400, "A subprotocol's name is ASCII.")
        return super().onConnect(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read on, and not too fast; where we have closed, for a little while."""
        super().dataReceived(data)
        if self.state == self.STATE_OPEN:
            self._measure(len(data))
        elif self.state == self.STATE_CLOSING:
            self._last_bytes += len(data)
            if self._last_bytes > LAST_BYTES or self._last_frames > LAST_FRAMES:
                self._stop("closed")

    def onFrameBegin(self) -> None:  # noqa: N802 - Autobahn's name
        """Count the frames that come after we have closed."""
        self._last_frames += self.state == self.STATE_CLOSING
        super().onFrameBegin()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Hand a message on, unless we have closed."""
        if self.state == self.STATE_OPEN:
            super().onMessage(payload, isBinary)

    def sendMessage(self, payload: bytes, *args: Any, **kwargs: Any) -> None:  # noqa: N802
        """Send a message of any size. The bound is for what comes; Autobahn has one for both."""
        most: int = self.maxMessagePayloadSize  # type: ignore[has-type]
        self.maxMessagePayloadSize = 0
        try:
            super().sendMessage(payload, *args, **kwargs)
        finally:
            self.maxMessagePayloadSize = most

    async def taken_in(self) -> None:
        """Wait until the visitor has taken in what was sent; for a close nobody waits."""
        if self.state == self.STATE_OPEN:
            await self._outgoing.room()

    def handle_reply(self, message: Message) -> None:
        """Do what the application says; with the reason for a close, which Daphne leaves out."""
        if self.state in (self.STATE_CLOSING, self.STATE_CLOSED):
            return
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            self.serverClose(message.get("code"), message.get("reason") or "")
        else:
            super().handle_reply(message)

    def serverAccept(self, subprotocol: str | None = None) -> None:  # noqa: N802 - Daphne's name
        """Accept; where the server ends, only to say so."""
        super().serverAccept(subprotocol)
        if self.server.draining:
            self.go_away()

    def sendCloseFrame(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802 - Autobahn's name
        """Close, and read on although the application takes nothing any more."""
        super().sendCloseFrame(*args, **kwargs)
        self._go_on("inbox")
        self._go_on("fast")

    def serverClose(self, code: int | None = None, reason: str = "") -> None:  # noqa: N802
        """Close. Autobahn would let an application choose its own codes only, and not those of
        RFC 6455, 7.4.1."""
        said = encode_truncate(reason, 123) if reason else None
        self.sendCloseFrame(code=code or 1000, reasonUtf8=said, isReply=False)

    def go_away(self) -> None:
        """Close because the server ends: whoever is there comes back to another one."""
        if self.state == self.STATE_OPEN:
            self.serverClose(GOING_AWAY, FAREWELL)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        """Tell the application, and let nobody wait for the visitor any more."""
        self._outgoing.stopProducing()
        if self._pause is not None:
            self._pause.cancel()
        if hasattr(self, "server"):  # else the handshake had failed before Daphne heard of it
            super().onClose(wasClean, code, reason)

    def _measure(self, count: int) -> None:
        """Stop reading for as long as it takes until so many bytes would have been welcome."""
        seconds = self._pace.spend(count, _now())
        if seconds and self._pause is None:
            self._stop("fast")
            self._pause = asyncio.get_running_loop().call_later(seconds, self._paused)

    def _paused(self) -> None:
        self._pause = None
        self._go_on("fast")

    def _stop(self, cause: str) -> None:
        # Each time: Daphne goes on reading when it has handed the connection over.
        self.transport.pauseProducing()
        self._held.add(cause)

    def _go_on(self, cause: str) -> None:
        """Read again, unless there is another cause not to."""
        if cause in self._held:
            self._held.remove(cause)
            if not self._held:
                self.transport.resumeProducing()


class BoundedWebSocketFactory(WebSocketFactory):
    """Makes every WebSocket ours, with our options over Daphne's."""

    protocol = BoundedWebSocket

    def setProtocolOptions(self, **given: Any) -> None:  # noqa: N802 - Autobahn's name
        """Set the options of all WebSockets."""
        super().setProtocolOptions(**(given | OPTIONS))


def _now() -> float:
    return asyncio.get_running_loop().time()


# Daphne's server names its factory itself and takes no other; this is the name that it looks up.
daphne.server.WebSocketFactory = BoundedWebSocketFactory
