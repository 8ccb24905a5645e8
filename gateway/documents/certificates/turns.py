"""Taking turns at what keeps a processor busy: few at a time, some waiting, the rest is told so."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from gateway.web.threads import TooBusy, in_thread

AT_A_TIME = 3
"""Fewer than there are threads, so that other rooms always find one."""
MOST_WAITING = 60

P = ParamSpec("P")
T = TypeVar("T")


class _Turns:
    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_A_TIME)
        self.inside = 0


_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns]" = WeakKeyDictionary()


async def in_turn(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, run in a thread. Raises ``TooBusy`` where too many wait.

    A visitor who leaves gives up the turn, or the place in the queue.
    """
    turns = _turns.setdefault(asyncio.get_running_loop(), _Turns())
    if turns.inside >= AT_A_TIME + MOST_WAITING:
        raise TooBusy
    turns.inside += 1
    try:
        async with turns.free:
            return await in_thread(work, *args, **kwargs)
    finally:
        turns.inside -= 1
