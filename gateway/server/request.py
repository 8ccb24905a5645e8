"""A request on Daphne that is bounded, and that ends its connection when the server ends.

Daphne reads a body of any size before the application sees it; here the first byte that is too
many is answered with 413.
"""

from io import BytesIO
from typing import Any

from daphne.http_protocol import WebRequest
from django.utils.http import http_date

LINGER_SECONDS = 2.0
"""For how long we listen to a visitor whom we refused: to hang up at once would lose the answer."""

_SENTENCE = b"The request body is larger than this server takes.\n"
_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n%s"
) % (len(_SENTENCE), _SENTENCE)


class BoundedRequest(WebRequest):
    """One request and its response. ``self.server`` is the ``GracefulServer``."""

    _refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Make room for the body, or refuse one that says beforehand that it is too large."""
        self.content = BytesIO()
        if length is not None and length > self.server.most_body_bytes:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep a part of the body, unless the whole becomes too large."""
        if self._refused:
            return
        if self.content.tell() + len(data) > self.server.most_body_bytes:
            self._refuse()
        else:
            self.content.write(data)

    def process(self) -> Any:
        """Answer, unless the answer was a refusal."""
        if self._refused:
            return None
        # Daphne would believe it, and answer 500 where it is not ASCII.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass on a part of the response; at the server's end, let the connection end with it."""
        if message.get("type") == "http.response.start":
            # An origin with a clock says when it answered (RFC 9110, 6.6.1).
            self.responseHeaders.setRawHeaders(b"date", [http_date().encode()])
            if self.server.draining and self.channel:
                self.responseHeaders.setRawHeaders(b"connection", [b"close"])
                self.channel.persistent = False
        super().handle_reply(message)

    def _refuse(self) -> None:
        self._refused = True
        self.content = BytesIO()
        # Twisted would ask for the body in the next moment: "100 Continue", behind our refusal.
        self.requestHeaders.removeHeader(b"expect")
        transport = self.channel.transport
        transport.write(_REFUSAL)
        transport.loseWriteConnection()
        self.channel.callLater(LINGER_SECONDS, transport.abortConnection)
