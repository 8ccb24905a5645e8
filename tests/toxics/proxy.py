"""The proxy itself, in an event loop: accepts, connects, and lets toxics at what passes."""

import asyncio
import contextlib
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections import Counter
from pathlib import Path

from .link import Link, cut_of
from .toxics import Cut, Direction, Down, Toxic

HOST = "127.0.0.1"
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0

Address = tuple[str, int] | Path
"""A host and a port, or the path of a Unix socket."""


class Proxy:
    """Forwards a port of 127.0.0.1 to ``upstream``. Everything is called in its own loop."""

    def __init__(self, upstream: Address, seed: int) -> None:
        self.upstream = upstream
        self.port = 0
        self.accepted = 0
        self.bytes: Counter[Direction] = Counter()
        self._dice = random.Random(seed)
        self._toxics: list[Toxic] = []
        self._links: list[Link] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._reserved = _bound(0)
        self.port = self._reserved.getsockname()[1]

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    async def add(self, toxic: Toxic) -> None:
        """Put ``toxic`` behind those that work already; it counts for open connections too."""
        self._toxics.append(toxic)
        if isinstance(toxic, Down):
            await self.shut()
        for link in self._links:
            link.add(toxic)

    async def remove(self, toxic: Toxic) -> None:
        """Take ``toxic`` out; one that is not there is passed over."""
        if not any(each is toxic for each in self._toxics):
            return
        self._toxics = [each for each in self._toxics if each is not toxic]
        for link in self._links:
            link.remove(toxic)
        if not any(isinstance(each, Down) for each in self._toxics):
            await self.listen()

    async def clear(self) -> None:
        """Take all toxics out."""
        for toxic in tuple(self._toxics):
            await self.remove(toxic)

    async def listen(self) -> None:
        """Accept connections. Twice is harmless."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=self._reserved)

    async def shut(self) -> None:
        """Refuse connections and cut those that are open; the port stays ours."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._reserved = _bound(self.port)
        await self.cut()

    async def cut(self) -> None:
        """Cut every open connection; new ones are welcome."""
        cut = tuple(self._connections)
        for connection in cut:
            connection.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        self._connections.difference_update(cut)

    async def close(self) -> None:
        """End everything."""
        await self.shut()
        self._reserved.close()

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.accepted += 1
        connection = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        writers = [writer]
        try:
            far_reader, far_writer = await self._connected()
            writers.append(far_writer)
            await self._both_ways((reader, writer), (far_reader, far_writer))
            await _end(writers)
        except (OSError, TimeoutError, ExceptionGroup) as error:
            await _end(writers, cut_of(error))
        finally:
            for each in writers:
                each.transport.abort()

    async def _connected(self) -> tuple[StreamReader, StreamWriter]:
        async with asyncio.timeout(CONNECT_SECONDS):
            if isinstance(self.upstream, Path):
                return await asyncio.open_unix_connection(self.upstream)
            return await asyncio.open_connection(*self.upstream)

    async def _both_ways(
        self, near: tuple[StreamReader, StreamWriter], far: tuple[StreamReader, StreamWriter]
    ) -> None:
        up, down = (Link(direction, self._count, self._dice) for direction in Direction)
        for link in (up, down):
            self._links.append(link)
            for toxic in self._toxics:
                link.add(toxic)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(up.carry(near[0], far[1]))
                tasks.create_task(down.carry(far[0], near[1]))
        finally:
            for link in (up, down):
                self._links.remove(link)

    def _count(self, direction: Direction, size: int) -> None:
        self.bytes[direction] += size


def _bound(port: int) -> socket.socket:
    """Return a socket that holds a port and refuses whoever connects."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((HOST, port))
    return reserved


async def _end(writers: list[StreamWriter], cut: Cut | None = None) -> None:
    """Close in order, what is written already first; or with a reset, for which nothing waits."""
    for writer in writers:
        if cut is not None and cut.reset:
            _reset(writer)
        else:
            writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            for writer in writers:
                await writer.wait_closed()


def _reset(writer: StreamWriter) -> None:
    # With a linger time of zero, closing sends RST instead of FIN.
    sock: socket.socket = writer.get_extra_info("socket")
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
