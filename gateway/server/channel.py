"""A connection on Twisted that refuses in words what Twisted would hang up on, or let through."""

from typing import Any

from gateway.server.exchange import scope_of
from gateway.server.guests import note
from gateway.server.line import LineChannel
from gateway.server.plain import plain_request
from gateway.server.refusal import BAD_REQUEST, HEADER_TOO_LARGE, URI_TOO_LONG, refuse
from gateway.server.terms import MOST_HELD_BYTES

MOST_LENGTH_DIGITS = 18
"""Of a Content-Length: more than anybody has. Python reads no numbers of some thousand digits."""


class BoundedChannel(LineChannel):
    """Reads requests, one after another. Once it has refused something, it reads no more.

    To the doorman of its server it is a guest.
    """

    refused_at = float("-inf")
    came: float | None = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read on, unless the connection is about to end, or its visitor is turned away."""
        if self.deaf:
            return
        if self.held or self.is_engaged:
            self.keep(data)
            return
        if not self._is_idle():
            super().dataReceived(data)
            return
        if self.factory.server.doorman.deals_with(self, data):
            self.resetTimeout()
        elif (plain := plain_request(data)) is not None:
            scope = scope_of(plain, "http", *self.ends)
            note(self, scope)
            self.begin(plain, scope)
        else:
            super().dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take in a part of a body, or of what comes behind a request; not much of the latter."""
        super().rawDataReceived(data)
        if self.is_full and sum(map(len, self._dataBuffer)) > MOST_HELD_BYTES:
            self.stop_reading()  # Twisted does not while it waits for its transport

    def is_there(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return bool(getattr(self.transport, "connected", False))

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request, and nothing is owed for an earlier one."""
        begun = self.requests or self._buffer or self._busyReceiving
        return not begun and bool(self.persistent) and not self.is_full

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read a line of a request's head, unless the connection is about to end."""
        if not self.deaf:
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

    def refuse(self, refusal: tuple[bytes, bytes], *, to_a_person: bool = False) -> None:
        """Answer once, and end the connection."""
        if not self.deaf:
            self.deaf = True
            refuse(self, refusal, to_a_person=to_a_person)

    def _respondToBadRequestAndDisconnect(self) -> Any:  # noqa: N802 - Twisted's name
        self.refuse(BAD_REQUEST)
