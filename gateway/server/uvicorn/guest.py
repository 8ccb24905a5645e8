"""A connection whose visitor may be answered by his bytes, before his request is one.

The doorman (``gateway.server.doorman``) and exchanges are the same as on Daphne. Only new
connections cost more here: there is no porch before the event loop's own listening.
"""

from contextvars import Context

from gateway.server.exchange import Exchange, scope_of
from gateway.server.guests import note
from gateway.server.plain import plain_request
from gateway.server.terms import MOST_HELD_BYTES
from gateway.server.uvicorn.line import Line


class Guest(Line):
    """To the doorman, a visitor between two requests."""

    refused_at = float("-inf")
    came: float | None = None
    _held = b""
    _posted = 0
    """Parts of answers that wait for the end of the turn."""

    def is_answered(self, data: bytes) -> bool:
        """Whether ``data`` needs no reading: it was answered, or is held with its visitor."""
        if self._held or self._posted:  # what comes waits until what was answered has been sent
            self._held += data
            if len(self._held) > MOST_HELD_BYTES:
                self.flow.pause_reading()
            return True
        if not self._is_idle():
            return False
        if self.house.doorman.deals_with(self, data):
            return True
        if (plain := plain_request(data)) is None:
            return False
        self.heard_at = self.loop.time()
        scope = scope_of(plain, self.scheme or "http", self.client, self.server)
        note(self, scope)
        self.cycle = Exchange(self, plain, scope)
        self.in_turn(self.cycle)
        return True

    @property
    def is_full(self) -> bool:
        """Whether more waits to be sent than should."""
        return bool(self.flow.write_paused)

    def write(self, data: bytes) -> None:
        """Send ``data`` when the turn ends."""
        self._post(data, last=False)

    async def room(self) -> None:
        """Wait until more may be sent."""
        await self.flow.drain()

    def exchanged(self, last: bool) -> None:
        """Go on with what comes next, or end the connection behind the ``last`` answer."""
        if last:
            self._post(b"", last=True)  # and whatever stands in line has stood there in vain
        else:
            self.on_response_complete()

    def abort(self) -> None:
        """End the connection, whatever is on its way."""
        self.transport.abort()

    def is_there(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return not self.transport.is_closing()

    def hold(self, data: bytes) -> None:
        """Keep ``data``, which was read, and what else comes; not much of it."""
        self._held = data

    def go_on(self) -> None:
        """Read on, beginning with what was kept, if the connection is still there."""
        data, self._held = self._held, b""
        if data and not self.transport.is_closing():
            self.flow.resume_reading()
            self.data_received(data)

    def send_away(self, answer: bytes, last: bool) -> None:
        """Send ``answer``, and then end the connection if it is the ``last``."""
        self.idle_since = self.loop.time()
        self.transport.write(answer)
        if last:
            self.let_go()

    def send_now(self, answer: bytes, last: bool) -> None:
        """Send ``answer``."""
        self._posted -= 1
        if not self.transport.is_closing():
            self.transport.write(answer)
            if last:
                self.deaf = self.deaf or bool(self._held or self.pipeline)  # then he has to linger
                self.let_go()
        if self._held and not self._posted:
            # In a context of its own: what one visitor's answer has set is not the next one's.
            self.loop.call_soon(self.go_on, context=Context())

    def _post(self, data: bytes, *, last: bool) -> None:
        self._posted += 1
        self.house.outbox.put(self, data, last)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up. Nobody waits for what was kept."""
        self._held = b""
        super().connection_lost(exc)

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request, and nothing is owed for an earlier one."""
        if self.in_head or self.owes or self.flow.write_paused:
            return False  # also where earlier answers are not taken in: then he has to wait
        return self.cycle is None or not self.cycle.more_body
