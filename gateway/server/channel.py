"""A connection on Twisted that refuses in words what Twisted would hang up on, or let through."""

from typing import Any

from twisted.web.http import HTTPChannel

from gateway.server.refusal import BAD_REQUEST, HEADER_TOO_LARGE, URI_TOO_LONG, refuse

MOST_LENGTH_DIGITS = 18
"""Of a Content-Length: more than anybody has. Python reads no numbers of some thousand digits."""


class BoundedChannel(HTTPChannel):
    """Reads requests, one after another. Once it has refused something, it reads no more."""

    _refused = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read on, unless the connection is about to end."""
        if not self._refused:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read a line of a request's head, unless the connection is about to end."""
        if not self._refused:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Refuse a line that is too long: the first is the address, the others are the header."""
        self.refuse(HEADER_TOO_LARGE if self.requests else URI_TOO_LONG)

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802 - Twisted's name
        """Take a header field, unless it leaves open where the request ends (RFC 9112, 6.3)."""
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        coded = name == b"transfer-encoding" and value.lower() != b"chunked"
        endless = name == b"content-length" and len(value) > MOST_LENGTH_DIGITS
        if coded or endless:
            self.refuse(BAD_REQUEST)
            return False
        return bool(super().headerReceived(line))

    def refuse(self, refusal: tuple[bytes, bytes]) -> None:
        """Answer once, and end the connection."""
        if not self._refused:
            self._refused = True
            refuse(self, refusal)

    def _respondToBadRequestAndDisconnect(self) -> Any:  # noqa: N802 - Twisted's name
        self.refuse(BAD_REQUEST)
