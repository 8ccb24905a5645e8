"""What is sent for an answer (RFC 9112, 6): its head, and its body in a way that says its end."""

from collections.abc import Iterable
from http import HTTPStatus
from http.client import responses

from gateway.server.dates import date_now
from gateway.server.plain import Plain

Header = tuple[bytes, bytes]

_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode())
    for status, phrase in responses.items()
}
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Framing:
    """The answer to ``request``; the ``last`` of its connection, or one that can only end with it.

    All of this raises ``ValueError`` where what the application says is no answer: the next one
    begins where this ends, and must not begin elsewhere.
    """

    def __init__(self, request: Plain, last: bool) -> None:
        self.last = last or request.closes
        self.is_chunked = False
        self._request = request
        self._left: int | None = None
        """How much of the body is still to come; None where nobody has said."""

    def head(self, status: int, headers: Iterable[Header]) -> bytes:
        """Return the head of the answer."""
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        said: dict[bytes, bytes] = {}
        for name, value in headers:
            field = name.lower()
            if field == b"transfer-encoding" or (field == b"content-length" and field in said):
                raise ValueError("The answer says in two ways where it ends.")
            said[field] = value
            if field != b"connection":
                lines.append(b"%b: %b\r\n" % (name, value))
        self.last = self.last or b"close" in said.get(b"connection", b"").lower()
        self._find_the_end(status, said.get(b"content-length"))
        lines += self._own_lines(dated=b"date" in said)
        head = b"".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines):
            raise ValueError("A header of the answer has a line break in it.")
        return head

    def _own_lines(self, *, dated: bool) -> list[bytes]:
        lines = [] if dated else [b"date: %b\r\n" % date_now()]
        if self.is_chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        if self.last:
            lines.append(b"connection: close\r\n")
        return [*lines, b"\r\n"]

    def body(self, part: bytes, *, more: bool) -> bytes:
        """Return what is sent for a ``part`` of the body, behind which there is ``more`` or not."""
        if self._request.is_head:
            return b""
        if self.is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(part), part) if part else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if self._left is not None:
            self._left -= len(part)
            if self._left < 0 or (self._left and not more):
                raise ValueError("The answer is not as long as it says.")
        return part

    def _find_the_end(self, status: int, length: bytes | None) -> None:
        if self._request.is_head or status in _WITHOUT_BODY:
            self._left = 0
        elif length is not None:
            self._left = int(length)
        elif self._request.version == "1.0":
            self.last = True  # it knows no chunks: what has no length ends with the connection
        else:
            self.is_chunked = True
