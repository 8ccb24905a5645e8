"""The client: a pool of connections for each upstream, and the way from a question to its reply."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping

import httpx
from aiohappyeyeballs import AddrInfoType, start_connection

from gateway.aggregation.errors import (
    SourceDisconnected,
    SourceError,
    SourceRejected,
    SourceUnreachable,
)
from gateway.aggregation.record import note
from gateway.sources.direct.connection import Connection
from gateway.sources.direct.reply import Address, HeardReply, Wanted
from gateway.sources.foreign import translated

IDLE_SECONDS = 4.0
"""uvicorn closes an idle connection after 5 s: we drop it first."""

MOST_CONNECTIONS = 60
"""To one upstream."""

NAMES_KNOWN_SECONDS = 1.0
"""A service that came back at another address must be found again within a second."""

Origin = tuple[str, int, bool]
Found = AddrInfoType


class DirectTransport(httpx.AsyncBaseTransport):
    """Asks upstreams over connections of its own.

    ``get`` is the way that sources take; as a transport of httpx it serves everybody else.
    """

    def __init__(self, connect_seconds: float, tls: ssl.SSLContext) -> None:
        self._connect_seconds = connect_seconds
        self._tls = tls
        self._pools: dict[Origin, _Pool] = {}

    async def get(
        self, source: str, address: Address, fields: Mapping[str, str], wanted: Wanted
    ) -> HeardReply:
        """Return the reply to a GET of ``address``. Raises ``SourceError``.

        Nothing here bounds the time: a caller puts a timeout around it, and when that cancels, the
        connection is hung up.
        """
        question = _written(source, address, fields)
        pool = self._pools.get(address.origin)
        if pool is None:
            pool = self._pools[address.origin] = _Pool(
                address.origin, self._connect_seconds, self._tls
            )
        return await pool.ask(source, question, wanted)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the reply to a GET, read whole."""
        if request.method != "GET":
            raise httpx.UnsupportedProtocol(f"{request.method} is not asked here.")
        # httpx's own headers would name the host a second time.
        fields = {name: value for name, value in request.headers.items() if name != "host"}
        reply = await self.get("upstream", Address(request.url), fields, Wanted(WHOLE_BYTES))
        raw = [(name.encode(), value.encode("latin1")) for name, value in reply.headers.items()]
        return httpx.Response(reply.status, headers=raw, stream=_Whole(reply.body))

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        await asyncio.sleep(0)  # a turn of the loop, in which they learn of it


WHOLE_BYTES = 2_097_152


class _Whole(httpx.AsyncByteStream):
    """A body that is here already. (httpx's own would take its encoding for undone.)"""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give it in one piece."""
        yield self._body


class _Pool:
    """The connections to one upstream; the one that was used last is used next."""

    def __init__(self, origin: Origin, connect_seconds: float, tls: ssl.SSLContext) -> None:
        self._host, self._port, secure = origin
        self._tls = tls if secure else None
        self._connect_seconds = connect_seconds
        self._idle: deque[Connection] = deque()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._sweep: asyncio.TimerHandle | None = None
        self._known: tuple[float, list[Found]] = (0.0, [])

    async def ask(self, source: str, question: bytes, wanted: Wanted) -> HeardReply:
        """Return the reply to ``question``, asked over a connection that is free."""
        async with self._places:
            while (connection := self._free()) is not None:
                try:
                    return await self._over(connection, source, question, wanted)
                except SourceDisconnected:
                    # The upstream had closed it, or was about to. It has read nothing of this
                    # question, or might have: that is why only a GET is asked here.
                    if connection.heard_anything:
                        raise
            note("connecting")
            connection = await self._connected(source)
            return await self._over(connection, source, question, wanted)

    async def _over(
        self, connection: Connection, source: str, question: bytes, wanted: Wanted
    ) -> HeardReply:
        try:
            note("connected")
            reply = await connection.ask(source, question, wanted)
            note("first-byte", connection.head_at)
            note("body")
            return reply
        finally:
            if connection.usable:
                self._keep(connection)
            else:
                connection.hang_up()

    def close(self) -> None:
        """Hang up all that lie idle."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._idle:
            self._idle.pop().hang_up()

    def _free(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.hang_up()
        return None

    def _keep(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._sweep_out)

    def _sweep_out(self) -> None:
        """Hang up what has lain idle for too long: the longest stand first."""
        loop = asyncio.get_running_loop()
        too_long_ago = loop.time() - IDLE_SECONDS
        while self._idle and (self._idle[0].idle_since <= too_long_ago or not self._idle[0].usable):
            self._idle.popleft().hang_up()
        self._sweep = loop.call_later(IDLE_SECONDS, self._sweep_out) if self._idle else None

    async def _connected(self, source: str) -> Connection:
        try:
            with translated(source):
                async with asyncio.timeout(self._connect_seconds) as patience:
                    return await self._connect()
        except SourceError as error:
            if patience.expired():
                raise SourceUnreachable(source, "connecting takes too long") from error
            raise

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        # A quarter of the time, so that a dead IPv6 route leaves room for IPv4.
        delay = self._connect_seconds / 4
        sock = await start_connection(await self._addresses(), happy_eyeballs_delay=delay)
        try:
            name = self._host if self._tls else None
            _, connection = await loop.create_connection(
                Connection, sock=sock, ssl=self._tls, server_hostname=name
            )
        except BaseException:
            sock.close()
            raise
        return connection

    async def _addresses(self) -> list[Found]:
        loop = asyncio.get_running_loop()
        asked_at, found = self._known
        if not found or loop.time() - asked_at > NAMES_KNOWN_SECONDS:
            found = list(
                await loop.getaddrinfo(
                    self._host, self._port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
                )
            )
            self._known = (loop.time(), found)
        return found


def _written(source: str, address: Address, fields: Mapping[str, str]) -> bytes:
    """Return the question as it is sent. Raises ``SourceRejected`` for what fits into no head."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    if head.count("\n") + head.count("\r") != 2 * len(fields) or "\0" in head:
        raise SourceRejected(source, "a value that fits into no header")
    try:
        return b"%b%b\r\n" % (address.beginning, head.encode("latin1"))
    except UnicodeEncodeError as error:
        raise SourceRejected(source, "a value that fits into no header") from error
