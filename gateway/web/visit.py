"""A visit: the answer is made until it is there, or until its visitor has gone."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

LISTEN_AFTER_SECONDS = 0.02
"""Most answers are there before anybody could have gone: to listen for it costs a task."""

LOOK_SECONDS = 0.04
"""How often it is looked whether the visitor is still there, where the server can tell at once."""

QUEUED_SECONDS = 0.002
"""Whoever has been here for longer had to wait for his turn."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
IsThere = Callable[[], bool]


async def answered(
    answer: Callable[[], Awaitable[None]],
    receive: Receive,
    came: float,
    is_there: IsThere | None = None,
) -> None:
    """Await ``answer()``; cancel it, and return, when the server tells that the visitor has gone.

    He ``came`` (monotonic) some time ago. If he had to wait for his turn, he may have gone already:
    then the answer is not even begun. A server that has ``is_there`` tells without being listened
    to, which costs a task.
    """
    visit = _Listened(receive) if is_there is None else _Watched(is_there)
    try:
        if time.monotonic() - came < QUEUED_SECONDS or await visit.finds_him():
            await answer()
        visit.judge()
    except asyncio.CancelledError:
        if not visit.has_cancelled():
            raise
    finally:
        await visit.end()


class _Visit(ABC):
    """Cancels the task in which it was made, as ``asyncio.timeout`` would, which costs more."""

    def __init__(self, seconds: float) -> None:
        answering: Any = asyncio.current_task()
        self._answering = answering
        self._cancelling = self._answering.cancelling()
        self._cancels = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._when_due)

    @abstractmethod
    async def finds_him(self) -> bool:
        """Whether the visitor is still there."""

    @abstractmethod
    def judge(self) -> None:
        """Raise what the server said, where it was nonsense."""

    async def end(self) -> None:
        """Look no more. An answer that was done before it knew that it is cancelled is done."""
        self.has_cancelled()
        self._timer.cancel()

    @abstractmethod
    def _when_due(self) -> None:
        """Look, or listen."""

    def cancel(self) -> None:
        """Let the answer be given up: its visitor has gone."""
        self._cancels = True
        self._answering.cancel()

    def has_cancelled(self) -> bool:
        """Whether it was this that cancelled the answer, and nobody else did too."""
        if not self._cancels:
            return False
        self._cancels = False
        return bool(self._answering.uncancel() <= self._cancelling)


class _Watched(_Visit):
    """Looks now and then whether the visitor ``is_there``."""

    def __init__(self, is_there: IsThere) -> None:
        self._is_there = is_there
        super().__init__(LOOK_SECONDS)

    async def finds_him(self) -> bool:
        """Whether he is still there."""
        return self._is_there()

    def judge(self) -> None:
        """Say nothing: nothing was heard."""

    def _when_due(self) -> None:
        if self._is_there():
            self._timer = self._loop.call_later(LOOK_SECONDS, self._when_due)
        else:
            self.cancel()


class _Listened(_Visit):
    """Listens whether the visitor goes: after a moment, or as soon as it is asked."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        super().__init__(LISTEN_AFTER_SECONDS)

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
        await super().end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _when_due(self) -> None:
        self._begin()

    def _begin(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.ensure_future(self._until_gone())
        return self._task

    async def _until_gone(self) -> None:
        message = await self._receive()
        if message["type"] != "http.disconnect":
            # As Django says it: this is a fault of the server, and should never happen.
            raise AssertionError(f"Invalid ASGI message after request body: {message['type']}")
        self.cancel()
