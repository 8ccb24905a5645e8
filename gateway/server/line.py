"""A connection on Twisted as answers see it: they go out in turns, and its time is bounded."""

import asyncio
import time
from contextvars import Context
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from gateway.server.exchange import Exchange
from gateway.server.flow import Outgoing
from gateway.server.plain import Plain
from gateway.server.terms import MOST_HELD_BYTES


class LineChannel(HTTPChannel):
    """Carries exchanges, one after another, beside the requests that Twisted reads itself.

    ``exchange`` is the one under way. Who is ``deaf`` reads no more.
    """

    exchange: Exchange | None = None
    deaf = False
    held = b""
    """What was read, and is to be read on with."""

    _due: float | None = None
    _timer: Any = None
    _posted = 0
    """Parts of answers that wait for the end of the turn."""

    _ends: tuple[list[Any], list[Any]] | None = None
    _patience: int | None = None

    @property
    def is_last(self) -> bool:
        """Whether the server ends, and with it the connection."""
        return bool(self.factory.server.draining)

    @property
    def is_full(self) -> bool:
        """Whether more waits to be sent than should."""
        return bool(self._waitingForTransport)

    @property
    def ends(self) -> tuple[list[Any], list[Any]]:
        """The addresses of both ends: the visitor's, and ours."""
        if self._ends is None:
            peer, host = self.getPeer(), self.getHost()
            self._ends = ([str(peer.host), peer.port], [str(host.host), host.port])
        return self._ends

    def begin(self, plain: Plain, scope: dict[str, Any]) -> None:
        """Let the application answer a request."""
        self._patience = self.setTimeout(None)
        self.exchange = Exchange(self, plain, scope)
        self.factory.server.start(self.exchange)

    def write(self, data: bytes) -> None:
        """Send ``data`` when the turn ends."""
        if self.exchange is None:
            super().write(data)
        else:
            self._post(data, last=False)

    async def room(self) -> None:
        """Wait until more may be sent."""
        outgoing = Outgoing()
        outgoing.pauseProducing()
        self.registerProducer(outgoing, True)
        try:
            await outgoing.room()
        finally:
            self.unregisterProducer()

    def exchanged(self, last: bool) -> None:
        """Go on with what comes next, or end the connection behind the ``last`` answer."""
        self.exchange = None
        self.setTimeout(self._patience)
        if last:
            self.send_away(b"", last)
        else:
            self._read_on()

    @property
    def is_engaged(self) -> bool:
        """Whether what comes has to wait: until the answer is made, and until it has been sent.

        Twisted refuses at once what it cannot read, and that would overtake the answer.
        """
        return self.exchange is not None or self._posted > 0

    def _read_on(self) -> None:
        if self.held and not self.is_engaged and not self.is_full:
            # In a context of its own: what one visitor's answer has set is not the next one's.
            asyncio.get_running_loop().call_soon(self.go_on, context=Context())

    def hold(self, data: bytes) -> None:
        """Keep ``data``, which was read, and what else comes."""
        self.held = data

    def keep(self, data: bytes) -> None:
        """Keep ``data`` too, behind what is kept already; not much of it."""
        self.held += data
        if len(self.held) > MOST_HELD_BYTES:
            self.stop_reading()

    def stop_reading(self) -> None:
        """Let the visitor wait with what else he sends."""
        network: Any = self._networkProducer
        network.pauseProducing()

    def go_on(self) -> None:
        """Read on, beginning with what was kept, if the connection is still there.

        Not while what was answered is not taken in: he would be read from without end.
        """
        if self.is_full:
            return
        data, self.held = self.held, b""
        network: Any = self._networkProducer
        if data and not getattr(self.transport, "disconnecting", True):
            network.resumeProducing()
            self.dataReceived(data)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Go on, now that what was sent is taken in; and read on, unless enough is kept already."""
        super().resumeProducing()
        if len(self.held) > MOST_HELD_BYTES:
            self.stop_reading()
        self._read_on()

    def abort(self) -> None:
        """End the connection, whatever is on its way."""
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Clean up. Whoever answers is told that there is nobody, who waits for what was kept."""
        self.held = b""
        if self.exchange is not None:
            self.exchange.drop()
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
            self.deaf = True
        self._post(answer, last=last)

    def _post(self, data: bytes, *, last: bool) -> None:
        self._posted += 1
        self.factory.server.outbox.put(self, data, last)

    def send_now(self, answer: bytes, last: bool) -> None:
        """Send ``answer``. What the socket takes at once needs no turn of the event loop."""
        self._posted -= 1
        transport: Any = self.transport
        if not getattr(transport, "connected", False):
            return  # he has gone meanwhile
        sent = 0
        if answer and not (transport.dataBuffer or transport._tempDataBuffer):
            sent = transport.writeSomeData(answer)
            if not isinstance(sent, int):
                transport.abortConnection()  # there is nobody any more
                return
        if sent < len(answer):
            transport.write(answer[sent:])
        if last:
            self.loseConnection()
        else:
            self._read_on()
