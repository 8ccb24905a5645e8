"""One direction of one connection: a reader that never waits for the toxics, and a writer."""

import asyncio
import random
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable

from .toxics import Chunk, Cut, Direction, Passage, Toxic

BLOCK_BYTES = 16 * 1024
MOST_CHUNKS = 64
"""How many chunks may be under way. A sender who is faster than that waits, as on a full wire."""

Count = Callable[[Direction, int], None]


class Link:
    """Carries ``direction`` of a connection through the toxics that are in force at that moment.

    ``count`` is told how many bytes were written.
    """

    def __init__(self, direction: Direction, count: Count, dice: random.Random) -> None:
        self.direction = direction
        self._count = count
        self._dice = dice
        self._passages: list[Passage] = []
        self._under_way: asyncio.Queue[Chunk | None] = asyncio.Queue(MOST_CHUNKS)

    def add(self, toxic: Toxic) -> None:
        """Let ``toxic`` work here too, unless it looks the other way or chance spares us."""
        if toxic.direction is self.direction and self._dice.random() < toxic.toxicity:
            self._passages.append(Passage(toxic, self._dice))

    def remove(self, toxic: Toxic) -> None:
        """End what ``toxic`` does here; whatever it holds back goes on."""
        for passage in [each for each in self._passages if each.toxic is toxic]:
            self._passages.remove(passage)
            passage.removed.set()

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry until the sender closes and everything is through. Raises ``Cut``, ``OSError``."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(reader))
            tasks.create_task(self._write(writer))

    async def _read(self, reader: StreamReader) -> None:
        while data := await reader.read(BLOCK_BYTES):
            await self._under_way.put(Chunk(data, time.monotonic()))
        await self._under_way.put(None)

    async def _write(self, writer: StreamWriter) -> None:
        while (chunk := await self._under_way.get()) is not None:
            async for piece in _through(chunk, tuple(self._passages)):
                writer.write(piece.data)
                await writer.drain()
                self._count(self.direction, len(piece.data))
        for passage in tuple(self._passages):
            await passage.toxic.at_end(passage)
        if writer.can_write_eof():
            writer.write_eof()


async def _through(chunk: Chunk, passages: tuple[Passage, ...]) -> AsyncIterator[Chunk]:
    """Give what the toxics, one after another, make of ``chunk``."""
    if not passages:
        yield chunk
        return
    async for piece in passages[0].toxic.act(chunk, passages[0]):
        async for result in _through(piece, passages[1:]):
            yield result


def cut_of(error: BaseException) -> Cut | None:
    """Return the ``Cut`` that ``error`` is, or that lies in the group it is."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(cut_of, error.exceptions)), None)
    return error if isinstance(error, Cut) else None
