"""A client of our own, for measures in which a millisecond counts.

Each connection asks again when it was answered, so a server that is slow is asked less often: what
it would have done to visitors who do not wait for each other is not seen (coordinated omission).
"""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

from tests.bench.pages.running import Running

PATIENCE_SECONDS = 15.0
END_OF_HEAD = b"\r\n\r\n"
BROWSER = b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
"""What a browser says beside the name of the host: ours sends a page bit by bit to nobody else."""
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Asked:
    """Seconds until the first byte of an answer, and until its last one."""

    first: float
    whole: float


class BadAnswer(Exception):
    """A contender gave no page."""


class Visitor(asyncio.Protocol):
    """One connection that is kept. It reads answers with a length, and chunked ones.

    ``fields`` are of the request's head, beside the name of the host.
    """

    def __init__(self, port: int, fields: bytes = b"") -> None:
        self._port = port
        self._asks = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + b"\r\n"
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._first = 0.0
        self._answered: asyncio.Future[float] | None = None

    async def ask(self) -> Asked:
        """Ask for the page; raises ``BadAnswer`` where none comes."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        transport = cast(asyncio.Transport, self._transport)
        self._received.clear()
        self._answered = loop.create_future()
        begun = time.perf_counter()
        transport.write(self._asks)
        async with asyncio.timeout(PATIENCE_SECONDS):
            ended = await self._answered
        if says_that_it_ends(self._received):
            self.hang_up()
        if not self._received.startswith(b"HTTP/1.1 200"):
            raise BadAnswer(bytes(self._received[:100]).decode("latin-1"))
        return Asked(self._first - begun, ended - begun)

    def hang_up(self) -> None:
        """Close; asking again connects anew."""
        if self._transport:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where requests go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take in a part of the answer, and note the time of its first and of its last byte."""
        now = time.perf_counter()
        if not self._received:
            self._first = now
        self._received += data
        if is_whole(self._received) and self._answered and not self._answered.done():
            self._answered.set_result(now)

    def connection_lost(self, error: Exception | None) -> None:
        """Let nobody wait any more."""
        self._transport = None
        if self._answered and not self._answered.done():
            self._answered.set_exception(BadAnswer("It hung up."))


def is_whole(received: bytearray) -> bool:
    """Whether all of an answer is there."""
    head_bytes = received.find(END_OF_HEAD)
    if head_bytes < 0:
        return False
    length = field(received, b"content-length")
    if not length:
        return received.endswith(LAST_CHUNK)
    return len(received) >= head_bytes + len(END_OF_HEAD) + int(length)


def says_that_it_ends(received: bytearray) -> bool:
    """Whether the server ends the connection behind this answer."""
    return field(received, b"connection").lower() == b"close"


def field(received: bytearray, name: bytes) -> bytes:
    """Return what the head says of ``name``, which is in lower case; nothing where it is silent."""
    head = bytes(received[: received.find(END_OF_HEAD)])
    at = head.lower().find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip()


async def again_and_again(running: Running, connections: int, seconds: float) -> list[Asked]:
    """Ask on so many connections for so many seconds; the first answer of each does not count."""
    until = time.perf_counter() + seconds
    seen: list[Asked] = []

    async def visit() -> None:
        visitor = Visitor(running.port)
        try:
            await visitor.ask()
            while time.perf_counter() < until:
                seen.append(await visitor.ask())
        finally:
            visitor.hang_up()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(visit())
    return seen


async def once(running: Running, wait_seconds: float) -> Asked:
    """Ask once, as a browser does, on a new connection, after having waited."""
    await asyncio.sleep(wait_seconds)
    visitor = Visitor(running.port, BROWSER)
    try:
        return await visitor.ask()
    finally:
        visitor.hang_up()
