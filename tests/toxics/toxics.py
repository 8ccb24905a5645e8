"""The eight toxics of toxiproxy: what can become of bytes on their way.

A toxic is a frozen value. What it must remember of one connection, and how it waits, it finds in
its ``Passage``. All durations are seconds, all sizes bytes.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Which way data flows that a toxic works on."""

    UPSTREAM = "upstream"
    """From the client to the server."""
    DOWNSTREAM = "downstream"
    """From the server to the client."""


class Chunk(NamedTuple):
    """Bytes on their way, and when (monotonic seconds) the proxy had them."""

    data: bytes
    read_at: float


class Cut(Exception):
    """The connection ends here: with a reset, or as if the other side had closed it."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


@dataclass(eq=False, slots=True)
class Passage:
    """One toxic at work on one direction of one connection."""

    toxic: "Toxic"
    dice: random.Random
    removed: asyncio.Event = field(default_factory=asyncio.Event)
    passed: int = 0
    """How many bytes it has let through; kept by the toxic itself."""

    async def pause(self, seconds: float | None) -> None:
        """Wait; for None as long as it takes. It ends early when the toxic is removed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.removed.wait()


@dataclass(frozen=True, kw_only=True)
class Toxic:
    """What all have in common: the way they look at, and the share of connections they spoil.

    ``toxicity`` is a probability; it is decided once for each connection.
    """

    direction: Direction = Direction.DOWNSTREAM
    toxicity: float = 1.0

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Give what becomes of ``chunk``; raise ``Cut`` where the connection ends."""
        yield chunk

    async def at_end(self, here: Passage) -> None:
        """Do what is done when the sender has closed, before the other side hears of it."""


@dataclass(frozen=True, kw_only=True)
class Latency(Toxic):
    """Everything arrives ``seconds`` later, more or less ``jitter_seconds``."""

    seconds: float
    jitter_seconds: float = 0.0

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Hold the chunk back; what is under way beside it waits at the same time."""
        jitter = here.dice.uniform(-self.jitter_seconds, self.jitter_seconds)
        waited = time.monotonic() - chunk.read_at
        await here.pause(max(0.0, self.seconds + jitter - waited))
        yield chunk


@dataclass(frozen=True, kw_only=True)
class Down(Toxic):
    """Nobody listens, and what was connected is cut. The proxy itself sees to that."""


@dataclass(frozen=True, kw_only=True)
class Bandwidth(Toxic):
    """No more than so many bytes pass in a second."""

    bytes_per_second: float

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Give the chunk in tenths of a second's worth."""
        size = max(1, int(self.bytes_per_second / 10))
        for start in range(0, len(chunk.data), size):
            piece = chunk.data[start : start + size]
            await here.pause(len(piece) / self.bytes_per_second)
            yield Chunk(piece, chunk.read_at)


@dataclass(frozen=True, kw_only=True)
class SlowClose(Toxic):
    """The end of the connection is heard of ``seconds`` late."""

    seconds: float

    async def at_end(self, here: Passage) -> None:
        """Keep the end to itself for a while."""
        await here.pause(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Timeout(Toxic):
    """Nothing gets through; ``seconds`` after the first that should have, the connection closes.

    For None it closes when the toxic is removed. What it swallowed is lost for good, so that the
    connection could not be used any more.
    """

    seconds: float | None = None

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Swallow the chunk and everything behind it."""
        await here.pause(self.seconds)
        raise Cut
        yield chunk  # pragma: no cover - makes this a generator, as its type says

    async def at_end(self, here: Passage) -> None:
        """Keep the end back too: it is data like any other."""
        await here.pause(self.seconds)


@dataclass(frozen=True, kw_only=True)
class ResetPeer(Toxic):
    """The first data meet a reset, ``seconds`` later."""

    seconds: float = 0.0

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Drop the chunk and reset."""
        await here.pause(self.seconds)
        raise Cut(reset=True)
        yield chunk  # pragma: no cover - makes this a generator, as its type says


@dataclass(frozen=True, kw_only=True)
class Slicer(Toxic):
    """Data arrive in pieces of ``average_bytes``, more or less ``variation_bytes``.

    Between two of them ``pause_seconds`` pass.
    """

    average_bytes: int
    variation_bytes: int = 0
    pause_seconds: float = 0.0

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Give the chunk slice by slice."""
        rest = chunk.data
        while rest:
            variation = here.dice.randint(-self.variation_bytes, self.variation_bytes)
            size = max(1, self.average_bytes + variation)
            piece, rest = rest[:size], rest[size:]
            yield Chunk(piece, chunk.read_at)
            if rest:
                await here.pause(self.pause_seconds)


@dataclass(frozen=True, kw_only=True)
class LimitData(Toxic):
    """The connection closes once ``most_bytes`` have passed."""

    most_bytes: int

    async def act(self, chunk: Chunk, here: Passage) -> AsyncIterator[Chunk]:
        """Give what may still pass."""
        piece = chunk.data[: self.most_bytes - here.passed]
        here.passed += len(piece)
        if piece:
            yield Chunk(piece, chunk.read_at)
        if here.passed >= self.most_bytes:
            raise Cut
