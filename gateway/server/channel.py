"""A connection on Twisted that refuses in words what Twisted would hang up on, or let through."""

import time
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from gateway.server.refusal import BAD_REQUEST, HEADER_TOO_LARGE, URI_TOO_LONG, refuse
from gateway.server.terms import MOST_HELD_BYTES

MOST_LENGTH_DIGITS = 18
"""Of a Content-Length: more than anybody has. Python reads no numbers of some thousand digits."""


class BoundedChannel(HTTPChannel):
    """Reads requests, one after another. Once it has refused something, it reads no more.

    To the doorman of its server it is a guest.
    """

    refused_at = float("-inf")
    came: float | None = None
    _refused = False
    _held = b""
    _due: float | None = None
    _timer: Any = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read on, unless the connection is about to end, or its visitor is turned away."""
        if self._refused:
            return
        if self._held:
            self._keep(data)
            return
        if self._is_idle() and self.factory.server.doorman.deals_with(self, data):
            self.resetTimeout()
        else:
            super().dataReceived(data)

    @property
    def is_last(self) -> bool:
        """Whether the server ends, and with it the connection."""
        return bool(self.factory.server.draining)

    def is_there(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return bool(getattr(self.transport, "connected", False))

    def hold(self, data: bytes) -> None:
        """Keep ``data``, which was read, and what else comes; not much of it."""
        self._held = data

    def go_on(self) -> None:
        """Read on, beginning with what was kept, if the connection is still there."""
        data, self._held = self._held, b""
        network: Any = self._networkProducer
        if data and not getattr(self.transport, "disconnecting", True):
            network.resumeProducing()
            self.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Clean up. Nobody waits for what was kept."""
        self._held = b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connectionLost(reason)

    def setTimeout(self, period: int | None) -> int | None:  # noqa: N802 - Twisted's name
        """Let the connection end in ``period`` seconds unless it is reset, or not at all.

        There is one timer, which looks when it is due: to cancel it for each request and set
        another one behind its answer costs more than to read the request.
        """
        before, self.timeOut = self.timeOut, period
        self._due = None if period is None else time.monotonic() + period
        if period is not None and self._timer is None:
            self._timer = self.callLater(period, self._look_at_time)
        return before

    def resetTimeout(self) -> None:  # noqa: N802 - Twisted's name
        """Begin the period again, if there is one."""
        if self._due is not None and self.timeOut is not None:
            self._due = time.monotonic() + self.timeOut

    def _look_at_time(self) -> None:
        self._timer = None
        if self._due is None:
            return  # an answer is being made; behind it there will be another timer
        if (left := self._due - time.monotonic()) > 0:
            self._timer = self.callLater(left, self._look_at_time)
        else:
            self.timeoutConnection()

    def send_away(self, answer: bytes, last: bool) -> None:
        """Send ``answer`` when the turn ends, and then end the connection if it is the ``last``."""
        if last:
            self.persistent = False
        self.factory.server.outbox.put(self, answer, last)

    def send_now(self, answer: bytes, last: bool) -> None:
        """Send ``answer``. What the socket takes at once needs no turn of the event loop."""
        transport: Any = self.transport
        if not getattr(transport, "connected", False):
            return  # he has gone meanwhile
        sent = 0
        if not (transport.dataBuffer or transport._tempDataBuffer):
            sent = transport.writeSomeData(answer)
            if not isinstance(sent, int):
                transport.abortConnection()  # there is nobody any more
                return
        if sent < len(answer):
            transport.write(answer[sent:])
        if last:
            self.loseConnection()

    def _keep(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > MOST_HELD_BYTES:
            network: Any = self._networkProducer
            network.pauseProducing()

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request, and nothing is owed for an earlier one."""
        nothing_begun = not self.requests and not self._buffer and not self._busyReceiving
        return nothing_begun and bool(self.persistent)

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

    def refuse(self, refusal: tuple[bytes, bytes], *, to_a_person: bool = False) -> None:
        """Answer once, and end the connection."""
        if not self._refused:
            self._refused = True
            refuse(self, refusal, to_a_person=to_a_person)

    def _respondToBadRequestAndDisconnect(self) -> Any:  # noqa: N802 - Twisted's name
        self.refuse(BAD_REQUEST)
