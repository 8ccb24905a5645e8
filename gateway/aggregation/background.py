"""Tasks that nobody waits for: work that may be lost, and work that was given up."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, TypeVar

LAST_MOMENT_SECONDS = 0.1
"""How long what was given up at the end may take to put its things away."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


_given_up: set["asyncio.Task[Any]"] = set()
"""Cancelled tasks that have not ended yet: the loop itself keeps no strong reference to them."""


def give_up(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel what still runs of ``tasks``, and do not wait: it may be slow to stop, or unable to.

    What a task raises that nobody asks any more is nobody's business.
    """
    for task in tasks:
        if task.done():
            _forget(task)
            continue
        task.cancel()
        _given_up.add(task)
        task.add_done_callback(_forget)


def _forget(task: "asyncio.Task[Any]") -> None:
    _given_up.discard(task)
    if not task.cancelled():
        task.exception()  # taken note of, or the loop would complain that nobody did


async def let_go(seconds: float = LAST_MOMENT_SECONDS) -> None:
    """Wait for what was given up on the running loop to have put its things away, for so long.

    To be awaited before what it works with is closed: what it holds would be closed by nobody.
    """
    loop = asyncio.get_running_loop()
    if tasks := [task for task in _given_up if task.get_loop() is loop]:
        await asyncio.wait(tasks, timeout=seconds)


class OutOfTime(TimeoutError):
    """The time that was given is over. Not to be mistaken for a limit that the work itself met."""


async def in_time(work: Awaitable[T], seconds: float) -> T:
    """Return what ``work`` returns. Raises ``OutOfTime`` after ``seconds``, sharp.

    ``asyncio.timeout`` waits until what it cancelled has ended; a query that must first be stopped
    in its server takes seconds for that. Nothing here waits for it.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    task = loop.create_task(_tell(work, outcome))
    timer = loop.call_later(seconds, _run_out, outcome)
    try:
        return await outcome
    finally:
        timer.cancel()
        if not task.done():
            give_up([task])
        del outcome  # an error in it would hold this frame, and this frame the error


async def _tell(work: Awaitable[T], outcome: "asyncio.Future[T]") -> None:
    """Do ``work``, and let ``outcome`` be its end: one that waits for that hears of it at once."""
    try:
        result = await work
    except BaseException as error:  # noqa: BLE001 - it is handed over, whatever it is
        if not outcome.done():
            outcome.set_exception(error)
    else:
        if not outcome.done():
            outcome.set_result(result)
    finally:
        del outcome


def _run_out(outcome: "asyncio.Future[Any]") -> None:
    if not outcome.done():
        outcome.set_exception(OutOfTime())


async def done_within(tasks: Iterable["asyncio.Future[Any]"], seconds: float) -> None:
    """Return when all ``tasks`` are done, or after ``seconds``: what ``asyncio.wait`` does.

    It costs less than that. A timer may go off with nobody waiting any more.
    """
    pending = [task for task in tasks if not task.done()]
    if not pending:
        return
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()
    left = len(pending)

    def release() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def ended(_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            release()

    timer = loop.call_later(seconds, release)
    for task in pending:
        task.add_done_callback(ended)
    try:
        await waiter
    finally:
        timer.cancel()
        for task in pending:
            task.remove_done_callback(ended)


class Background:
    """A bounded set of running tasks.

    The event loop keeps only weak references to tasks, so that one nobody holds can vanish while
    it runs. This holds them, bounds how many there are, logs what fails, and awaits them at the
    end.
    """

    def __init__(self, limit: int = 100) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> bool:
        """Start ``work``. Return False, and drop it, when as many run already as may."""
        if len(self._tasks) >= self._limit:
            work.close()
            return False
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return True

    async def drain(self, seconds: float) -> None:
        """Wait until all is done, for at most ``seconds``; then give up what still runs."""
        until = asyncio.get_running_loop().time() + seconds
        while self._tasks and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)
        if late := set(self._tasks):
            give_up(late)
            await asyncio.wait(late, timeout=LAST_MOMENT_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background.failed", exc_info=error)
