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
    listening: list[asyncio.Task[None]] = []

    def listen() -> None:
        listening.append(asyncio.ensure_future(_until_gone(receive, visit)))

    visit = asyncio.timeout(None)
    timer = asyncio.get_running_loop().call_later(LISTEN_AFTER_SECONDS, listen)
    try:
        async with visit:
            if time.monotonic() - came > QUEUED_SECONDS:
                listen()
                await asyncio.wait(listening, timeout=0)
            if not any(each.done() for each in listening):
                await answer()
    except TimeoutError:
        if not visit.expired():
            raise
    finally:
        timer.cancel()
        for each in listening:
            each.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


async def _until_gone(receive: Receive, visit: asyncio.Timeout) -> None:
    """Let ``visit`` end as soon as there is nobody any more."""
    message = await receive()
    if message["type"] != "http.disconnect":
        raise RuntimeError(f"A server sent {message['type']} behind the end of a body.")
    visit.reschedule(0.0)
