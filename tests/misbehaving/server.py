"""The server that misbehaves, and addresses at which nobody answers."""

import asyncio
import contextlib
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self

from .wire import Behaviour

# No connection outlives this, whatever its behaviour and its client do.
LIFETIME_SECONDS = 30.0


class MisbehavingUpstream:
    """An HTTP upstream on 127.0.0.1 that treats each connection as its present behaviour says.

    ``async with MisbehavingUpstream(BEHAVIOURS["hangs"]) as upstream:`` listens on a free port.
    ``upstream.behaviour`` may be changed at any time; it counts for connections that come later.
    Leaving the block cancels every connection that is still open.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.accepted = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port it listens on; stays the same after the block, when nobody listens there."""
        return self._port

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        """How many connections it has not done with."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self.drop_connections()

    async def drop_connections(self) -> None:
        """Break every open connection, as a restart of the upstream would."""
        dropped = tuple(self._connections)
        for connection in dropped:
            connection.cancel()
        await asyncio.gather(*dropped, return_exceptions=True)
        # Their own callbacks may come a turn later than this.
        self._connections.difference_update(dropped)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.accepted += 1
        # The loop itself holds tasks only weakly.
        connection = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        # A client that goes away, or stays too long, is no fault of the test.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            try:
                async with asyncio.timeout(LIFETIME_SECONDS):
                    await self.behaviour(reader, writer)
                    writer.close()
                    await writer.wait_closed()
            finally:
                writer.transport.abort()


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """Give a port of 127.0.0.1 that refuses connections and that nobody else can take meanwhile."""
    with socket.socket() as bound_but_deaf:
        bound_but_deaf.bind(("127.0.0.1", 0))
        yield bound_but_deaf.getsockname()[1]


@contextlib.asynccontextmanager
async def unanswering_port() -> AsyncIterator[int]:
    """Give a port of 127.0.0.1 at which connecting hangs: its queue is full and nobody accepts."""
    with contextlib.ExitStack() as sockets:
        deaf = sockets.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(deaf.getsockname())
        # The kernel needs a moment to take the first of them into the queue.
        await asyncio.sleep(0.05)
        yield deaf.getsockname()[1]
