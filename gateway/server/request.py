"""A request on Daphne that is bounded, and that ends its connection when the server ends.

Daphne reads a body of any size before the application sees it; here the first byte that is too
many is answered with 413. Bodies that are declared as streamed (``gateway.web.streaming``) may be
larger: the application starts at once, and gets their parts as they come.
"""

import asyncio
from io import BytesIO
from typing import Any

from daphne.http_protocol import WebRequest

from gateway.server.dates import date_now
from gateway.server.exchange import STALL_SECONDS
from gateway.server.flow import Incoming, Outgoing
from gateway.server.refusal import LINGER_SECONDS, NO_HOST, TOO_LARGE
from gateway.web.streaming import streamed_bytes


class BoundedRequest(WebRequest):
    """One request and its response. ``self.server`` is the ``GracefulServer``."""

    incoming: Incoming | None = None
    """The body, if it is streamed."""

    _refused = False
    _most_bytes = 0
    _outgoing: Outgoing | None = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Make room for the body, or refuse one that says beforehand that it is too large.

        Where it is streamed, the application starts now.
        """
        self.content = BytesIO()
        streamed = self._streamed_bytes()
        self._most_bytes = self.server.most_body_bytes if streamed is None else streamed
        if length is not None and length > self._most_bytes:
            self._refuse(TOO_LARGE)
        elif streamed is not None and length != 0:
            flow = self.channel.transport
            self.incoming = Incoming(flow.pauseProducing, flow.resumeProducing)
            channel = self.channel
            super().requestReceived(channel._command, channel._path, channel._version)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep a part of the body or hand it on, unless the whole becomes too large."""
        if self._refused:
            return
        come = self.content.tell() if self.incoming is None else self.incoming.count
        if come + len(data) > self._most_bytes:
            self._refuse(TOO_LARGE)
        elif self.incoming is not None:
            self.incoming.feed(data)
        else:
            self.content.write(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Begin with the request; if that has been done, take note that its body is complete."""
        if self.incoming is None:
            super().requestReceived(command, path, version)
        else:
            self.incoming.end()
            if self._refused:
                self.channel.transport.loseConnection()

    def process(self) -> Any:
        """Answer, unless the answer was a refusal."""
        if self._refused:
            return None
        if self.clientproto == b"HTTP/1.1" and not self.requestHeaders.hasHeader(b"host"):
            return self._refuse(NO_HOST)  # RFC 9112, 3.2
        # Daphne would believe it, and answer 500 where it is not ASCII.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass on a part of the response; at the server's end, let the connection end with it.

        It ends too where the answer does not await the end of the body.
        """
        if self._refused or self.finished:
            return
        if message.get("type") == "http.response.start" and self.channel and not self.producer:
            self._outgoing = Outgoing()
            self.registerProducer(self._outgoing, True)
            # An origin with a clock says when it answered (RFC 9110, 6.6.1).
            self.responseHeaders.setRawHeaders(b"date", [date_now()])
            if self.server.draining or self._unread():
                self.responseHeaders.setRawHeaders(b"connection", [b"close"])
                self.channel.persistent = False
        if self.method == b"HEAD" and message.get("body"):
            # Twisted lets the first part of such a body go, but not those that Daphne writes next:
            # the visitor would take them for his next answer (RFC 9110, 9.3.2).
            message = {**message, "body": b""}
        super().handle_reply(message)

    def finish(self) -> None:
        """End the answer. What still comes of the body is let go by, for a moment."""
        if self._outgoing is not None:
            self.unregisterProducer()
            self._outgoing = None
        if not self._unread():
            super().finish()
            return
        if not self.startedWriting:
            self.write(b"")
        if self.chunked:
            self.channel.write(b"0\r\n\r\n")
        self._hang_up()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        """Clean up, and let nobody wait for the visitor any more."""
        if self._outgoing is not None:
            self._outgoing.stopProducing()
        super().connectionLost(reason)

    async def taken_in(self) -> None:
        """Wait until the visitor has taken in what was sent; hang up on one who takes nothing."""
        outgoing = self._outgoing
        if outgoing is None or not outgoing.full:
            return
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await outgoing.room()
        except TimeoutError:
            if self.channel:
                self.channel.transport.abortConnection()

    def _streamed_bytes(self) -> int | None:
        """Return how many bytes the body may have if it is streamed. The head is here, no more."""
        headers = self.requestHeaders
        if headers.hasHeader("upgrade"):
            return None
        path = self.channel._path.partition(b"?")[0].decode("latin1")
        return streamed_bytes(self.channel._command.decode("latin1"), path, headers.hasHeader)

    def _unread(self) -> bool:
        return self.incoming is not None and not self.incoming.ended

    def _hang_up(self) -> None:
        """End the connection behind an answer that came before the end of the body.

        Twisted would take the rest of the body for the next request. To close at once would reset
        the connection, and the visitor might lose the answer.
        """
        self._refused = True
        if self.incoming is not None:
            self.incoming.drop()
        self.requestHeaders.removeHeader(b"expect")
        self.channel.transport.loseWriteConnection()
        self.channel.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)

    def _refuse(self, refusal: tuple[bytes, bytes]) -> None:
        if self.incoming is not None and self.startedWriting:
            self._hang_up()  # it has been answered already
            return
        self._refused = True
        if self.incoming is not None:
            self.incoming.drop()
        self.content = BytesIO()
        # Twisted would ask for the body in the next moment: "100 Continue", behind our refusal.
        self.requestHeaders.removeHeader(b"expect")
        wanted = self.requestHeaders.getRawHeaders(b"accept", [b""])
        self.channel.refuse(refusal, to_a_person=b"text/html" in b",".join(wanted))
