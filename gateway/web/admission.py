"""Admission: more visitors than can be served well are told so at once.

So many pages are made at a time that none of them is slowed down by the others; some more requests
wait for their turn, first come, first served. How many may be inside altogether adapts: when turns
come late, fewer are let in. Whoever is one too many hears so within milliseconds, instead of
waiting for a page that would come too late, and make others late.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from gateway.aggregation.events import BulkheadRefused, LimitChanged, Listener
from gateway.aggregation.limiter import Limiter, LimitRules

AT_A_TIME = 48
"""Pages that are made at a time: enough to wait for many slow sources at once, and few enough that
the event loop comes round to each of them long before its sources run out of time."""

PATIENCE_SHARE = 0.75
"""Of the page's budget: whoever would wait longer for his turn is not served any more."""

LATE_SHARE = 0.5
"""Of the page's budget: a turn that comes later than this is late, and the limit falls. Much
earlier, and refusing, which costs an eighth of a page, would itself make turns late: the limit
would fall to its least."""

BREATH_SECONDS = 0.015
"""So long whoever is one too many waits for the word. Many ask again at once, and each refusal
delays those who are served; with the word it is still less than 50 ms."""

RETRY_AFTER_SECONDS = 1
DOOR = "door"

Answer = Callable[[Any, Any, Any], Awaitable[None]]


class Door:
    """Counts who is inside, and learns how many may be. Times are seconds, on ``clock``."""

    def __init__(
        self, budget_seconds: float, emit: Listener, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.patience_seconds = budget_seconds * PATIENCE_SHARE
        self.inside = 0
        self._late_seconds = budget_seconds * LATE_SHARE
        self._limiter = Limiter(LimitRules(start=256, least=AT_A_TIME, most=1024))
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._emit = emit
        self._clock = clock

    @property
    def limit(self) -> int:
        """How many may be inside."""
        return self._limiter.limit

    async def pass_through(self, answer: Callable[[], Awaitable[None]]) -> bool:
        """Await ``answer()`` when its turn comes; return False, without it, if it is not let in."""
        if self.inside >= self.limit:
            self._emit(BulkheadRefused(DOOR, "full", 0.0))
            await asyncio.sleep(BREATH_SECONDS)
            return False
        self.inside += 1
        try:
            return await self._in_turn(answer)
        finally:
            self.inside -= 1

    async def _in_turn(self, answer: Callable[[], Awaitable[None]]) -> bool:
        came = self._clock()
        try:
            async with asyncio.timeout(self.patience_seconds):
                await self._turns.acquire()
        except TimeoutError:
            self._learn(came)
            self._emit(BulkheadRefused(DOOR, "late", self._clock() - came))
            return False
        try:
            self._learn(came)
            await answer()
        finally:
            self._turns.release()
        return True

    def _learn(self, came: float) -> None:
        now, before = self._clock(), self.limit
        self._limiter.learn(came, now, self.inside, late=now - came > self._late_seconds)
        if self.limit != before:
            self._emit(LimitChanged(DOOR, self.limit))


def admission(answer: Answer, emit: Listener) -> Answer:
    """Return ``answer``, an ASGI application, behind a door for as many as can be served well."""
    door = Door(settings.PAGE_BUDGET_SECONDS, emit)

    async def admitted(scope: Any, receive: Any, send: Any) -> None:
        if not await door.pass_through(lambda: answer(scope, receive, send)):
            await _refuse(send)

    return admitted


async def _refuse(send: Any) -> None:
    body = _page()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src 'self'"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@cache
def _page() -> bytes:
    """Return the page that says so; rendered once, because there is no time for it when needed."""
    return render_to_string("503.html", {"request_id": ""}).encode()
