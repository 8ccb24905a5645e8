"""Admission: more visitors than can be served well are told so at once.

So many pages are made at a time that none of them is slowed down by the others; some more requests
wait for their turn, first come, first served. How many may be inside altogether adapts: when turns
come late, fewer are let in. Whoever is one too many hears so within milliseconds, instead of
waiting for a page that would come too late, and make others late.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.aggregation.events import BulkheadRefused, LimitChanged, Listener
from gateway.aggregation.limiter import Limiter, LimitRules
from gateway.web.facts import arrival
from gateway.web.refusals import refusal

AT_A_TIME = 48
"""Pages that are made at a time: enough to wait for many slow sources at once, and few enough that
the event loop comes round to each of them long before its sources run out of time."""

PATIENCE_SHARE = 0.6
"""Of the page's budget: whoever would wait longer for his turn is not served any more. The rest is
for the page itself, which is made beside as many others as there are turns."""

LATE_SHARE = 0.35
"""Of the page's budget: a turn that comes later than this is late, and the limit falls. So much
below the patience that a gateway which suddenly is half as fast still serves those who wait."""

BREATH_SECONDS = 0.025
"""So long whoever is one too many waits for the word, if he was refused a moment ago, or if it is
Django's side of the server that refuses him. Many ask again at once, and each refusal delays those
who are served; with the word it is still less than 50 ms."""

TELL_SECONDS = 0.1
"""So long refusals are counted before they are told of: one by one, telling would cost more."""

DOOR = "door"

Answer = Callable[[Any, Any, Any], Awaitable[None]]


class Door:
    """Counts who is inside, and learns how many may be. Times are seconds, on ``clock``."""

    def __init__(
        self, budget_seconds: float, emit: Listener, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.patience_seconds = budget_seconds * PATIENCE_SHARE
        self.inside = 0
        self._coming = 0
        self._late_seconds = budget_seconds * LATE_SHARE
        self._limiter = Limiter(LimitRules(start=256, least=AT_A_TIME, most=1024))
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._refused = 0
        self._emit = emit
        self._clock = clock

    @property
    def limit(self) -> int:
        """How many may be inside."""
        return self._limiter.limit

    @property
    def full(self) -> bool:
        """Whether nobody else is let in now, with those who are on their way to it."""
        return self.inside + self._coming >= self.limit

    def expect(self) -> None:
        """Take note that somebody was let on who will be here in the next turn of the loop.

        Many may come in one turn; none of them is inside before its end, and the last of them would
        be refused behind the parser, at ten times the cost.
        """
        if not self._coming:
            asyncio.get_running_loop().call_soon(self._forget_who_comes)
        self._coming += 1

    def _forget_who_comes(self) -> None:
        self._coming = 0

    def refuse(self) -> None:
        """Take note that somebody was refused because it is full."""
        self._refused += 1
        if self._refused == 1:
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    async def pass_through(
        self, answer: Callable[[], Awaitable[None]], came: float | None = None
    ) -> bool:
        """Await ``answer()`` when its turn comes; return False, without it, if it is not let in.

        ``came`` is when the visitor came, if that was not just now.
        """
        if self.full:
            self.refuse()
            await asyncio.sleep(BREATH_SECONDS)
            return False
        self.inside += 1
        try:
            return await self._in_turn(answer, self._clock() if came is None else came)
        finally:
            self.inside -= 1

    async def _in_turn(self, answer: Callable[[], Awaitable[None]], came: float) -> bool:
        if self._turns.locked():
            try:
                async with asyncio.timeout(came + self.patience_seconds - self._clock()):
                    await self._turns.acquire()
            except TimeoutError:
                return self._too_late(came)
        else:
            await self._turns.acquire()
        try:
            if self._clock() - came > self.patience_seconds:  # there was a turn, but it came late
                return self._too_late(came)
            self._learn(came)
            await answer()
        finally:
            self._turns.release()
        return True

    def _too_late(self, came: float) -> bool:
        self._learn(came)
        self._emit(BulkheadRefused(DOOR, "late", self._clock() - came))
        return False

    def _tell(self) -> None:
        refused, self._refused = self._refused, 0
        self._emit(BulkheadRefused(DOOR, "full", 0.0, refused))

    def _learn(self, came: float) -> None:
        now, before = self._clock(), self.limit
        self._limiter.learn(came, now, self.inside, late=now - came > self._late_seconds)
        if self.limit != before:
            self._emit(LimitChanged(DOOR, self.limit))


def admission(answer: Answer, door: Door) -> Answer:
    """Return ``answer``, an ASGI application, behind ``door``."""

    async def admitted(scope: Any, receive: Any, send: Any) -> None:
        if not await door.pass_through(lambda: answer(scope, receive, send), arrival(scope)):
            await _refuse(scope, send)

    return admitted


async def _refuse(scope: Any, send: Any) -> None:
    told = refusal(scope["path"])
    await send({"type": "http.response.start", "status": 503, "headers": list(told.headers)})
    await send({"type": "http.response.body", "body": told.body})
