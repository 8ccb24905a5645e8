"""A request on Daphne that is bounded, and that ends its connection when the server ends.

Daphne reads a body of any size before the application sees it; here the first byte that is too
many is answered with 413.
"""

from io import BytesIO
from typing import Any

from daphne.http_protocol import WebRequest
from django.utils.http import http_date

from gateway.server.refusal import NO_HOST, TOO_LARGE


class BoundedRequest(WebRequest):
    """One request and its response. ``self.server`` is the ``GracefulServer``."""

    _refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Make room for the body, or refuse one that says beforehand that it is too large."""
        self.content = BytesIO()
        if length is not None and length > self.server.most_body_bytes:
            self._refuse(TOO_LARGE)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep a part of the body, unless the whole becomes too large."""
        if self._refused:
            return
        if self.content.tell() + len(data) > self.server.most_body_bytes:
            self._refuse(TOO_LARGE)
        else:
            self.content.write(data)

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
        """Pass on a part of the response; at the server's end, let the connection end with it."""
        if message.get("type") == "http.response.start":
            # An origin with a clock says when it answered (RFC 9110, 6.6.1).
            self.responseHeaders.setRawHeaders(b"date", [http_date().encode()])
            if self.server.draining and self.channel:
                self.responseHeaders.setRawHeaders(b"connection", [b"close"])
                self.channel.persistent = False
        super().handle_reply(message)

    def _refuse(self, refusal: tuple[bytes, bytes]) -> None:
        self._refused = True
        self.content = BytesIO()
        # Twisted would ask for the body in the next moment: "100 Continue", behind our refusal.
        self.requestHeaders.removeHeader(b"expect")
        self.channel.refuse(refusal)
