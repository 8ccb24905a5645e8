"""Synchronous code inside async views: one adapter, with threads of its own, and few of them.

Django's own ``sync_to_async`` runs all synchronous code of a request in one thread, and without
that in a pool of asyncio's that anybody fills. Here at most ``SYNC_THREADS`` run at once, as many
again times ``WAITING_PER_THREAD`` wait, and whoever comes then is told at once.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

WAITING_PER_THREAD = 8

P = ParamSpec("P")
T = TypeVar("T")


class TooBusy(Exception):
    """All threads work, and as many calls wait as may: the visitor gets 503."""


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, run in a thread. Raises ``TooBusy``, or what it raises.

    Cancelled while it waits, it never starts; cancelled while it runs, it runs to its end unheeded,
    for a thread cannot be stopped. Context variables go with it, and database connections that it
    opened are closed after it.
    """
    threads = _threads()
    if not threads.places.acquire(blocking=False):
        raise TooBusy
    context = contextvars.copy_context()
    future = threads.pool.submit(context.run, _tidily, partial(work, *args, **kwargs))
    future.add_done_callback(lambda _: threads.places.release())
    return await asyncio.wrap_future(future)


class _Threads:
    """The threads, and how many calls may use or await one."""

    def __init__(self, size: int) -> None:
        self.pool = ThreadPoolExecutor(size, thread_name_prefix="sync")
        self.places = threading.BoundedSemaphore(size * (1 + WAITING_PER_THREAD))


@cache
def _threads() -> _Threads:
    return _Threads(settings.SYNC_THREADS)


def _tidily(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        close_old_connections()
