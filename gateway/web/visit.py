"""A visit: the answer is made until it is there, or until its visitor has gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

LISTEN_AFTER_SECONDS = 0.02
"""Most answers are there before anybody could have gone: to listen for it costs a task."""

QUEUED_SECONDS = 0.002
"""Whoever has been here for longer had to wait for his turn."""

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def answered(answer: Callable[[], Awaitable[None]], receive: Receive, came: float) -> None:
    """Await ``answer()``; cancel it, and return, when the server tells that the visitor has gone.

    He ``came`` (monotonic) some time ago. If he had to wait for his turn, he may have gone already:
    then the answer is not even begun.
    """
    visit = asyncio.timeout(None)
    listening = _Listening(receive, visit)
    try:
        async with visit:
            if time.monotonic() - came < QUEUED_SECONDS or await listening.finds_him():
                await answer()
        listening.judge()
    except TimeoutError:
        if not visit.expired():
            raise
    finally:
        await listening.end()


class _Listening:
    """Listens whether the visitor of ``visit`` goes: after a moment, or as soon as it is asked."""

    def __init__(self, receive: Receive, visit: asyncio.Timeout) -> None:
        self._receive = receive
        self._visit = visit
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(LISTEN_AFTER_SECONDS, self._begin)

    async def finds_him(self) -> bool:
        """Whether he is still there."""
        task = self._begin()
        await asyncio.wait([task], timeout=0)
        return not task.done()

    def judge(self) -> None:
        """Raise what the server said, where it was nonsense."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def end(self) -> None:
        """Listen no more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.ensure_future(_until_gone(self._receive, self._visit))
        return self._task


async def _until_gone(receive: Receive, visit: asyncio.Timeout) -> None:
    """Let ``visit`` end as soon as there is nobody any more."""
    message = await receive()
    if message["type"] != "http.disconnect":
        # As Django says it: this is a fault of the server, and should never happen.
        raise AssertionError(f"Invalid ASGI message after request body: {message['type']}")
    visit.reschedule(0.0)
