"""One who listens in a room: what waits to be sent to them, and never more than that."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.chat.protocol import Close, Ending

MOST_WAITING = 100
"""Texts that may wait for one who does not read; most of them are shared with all others."""

SEND_SECONDS = 10.0
"""For how long one text may take to be taken in."""

Send = Callable[[str], Awaitable[None]]


class Listener:
    """Texts go in at once or not at all; ``write`` takes them out, as fast as they are taken in."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._waiting: deque[tuple[int, str]] = deque()
        self._news = asyncio.Event()

    def offer(self, text: str, change: int = 0) -> None:
        """Put ``text`` behind what waits already; who has too much of that is sent away.

        ``change`` is the number of the room's change that it tells of.
        """
        if len(self._waiting) >= MOST_WAITING:
            self.end(too_slow())
            return
        self._waiting.append((change, text))
        self._news.set()

    def end(self, ending: Ending) -> None:
        """Ask for the end of the connection; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(ending)

    async def write(self, send: Send, first: str, known: int) -> None:
        """Send ``first``, then what is offered, for ever; but no change up to number ``known``.

        Those are told in ``first``: it was read after the listener had begun to listen. Raises
        ``Ending`` where something is not taken in for too long.
        """
        await _in_time(send, first)
        del first  # otherwise a history would be kept for each who listens
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            change, text = self._waiting.popleft()
            if change == 0 or change > known:
                await _in_time(send, text)


async def _in_time(send: Send, text: str) -> None:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send(text)
    except TimeoutError as error:
        raise too_slow() from error


def too_slow() -> Ending:
    """Return the end of a connection whose visitor does not keep up."""
    return Ending(Close.TRY_AGAIN, "You do not keep up with the room; please connect again.")
