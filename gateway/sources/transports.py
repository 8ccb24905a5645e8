"""The HTTP transports that the gateway can use, each behind httpx's one seam.

``build_transport(name)`` is called once per process; everything that the gateway sends upstream
goes through what it returns. ``docs/decisions/0002-http-transport.md`` says which one is the
default and why.

Whatever the library, the transport keeps no cookies, follows no redirect, reads no proxy from the
environment and hands the body over as it came: who reads it counts the bytes and judges the
encoding. None of them bounds a call as a whole, so a caller puts ``asyncio.timeout_at`` around
sending and reading.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial

import httpx

CONNECT_TIMEOUT_SECONDS = 0.2
# A net for a caller who forgot his deadline. It bounds one read, never a whole reply.
READ_TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 240
# One upstream that hangs must leave connections for the others.
MAX_CONNECTIONS_PER_UPSTREAM = 60
# uvicorn closes an idle connection after 5 s. We drop it first, so that a call rarely meets one
# that is closing.
IDLE_SECONDS = 4.0
MAX_HEADER_BYTES = 8190


def build_transport(
    name: str, connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS
) -> httpx.AsyncBaseTransport:
    """Return a new transport of the library called ``name``, which connects to nothing yet.

    Takes one of ``direct``, ``aiohttp``, ``httpcore`` and ``pyreqwest``, and how long connecting
    may take.
    Use the result in one event loop only, and ``await transport.aclose()`` at the end.
    Raises ``ValueError`` with one clear sentence when the name is not among these.
    """
    builder = _BUILDERS.get(name)
    if builder is None:
        allowed = ", ".join(_BUILDERS)
        raise ValueError(f"HTTP_TRANSPORT is {name!r}, but it must be one of: {allowed}.")
    return builder(connect_timeout_seconds)


class WithTimeouts(httpx.AsyncBaseTransport):
    """A transport that gives each request default timeouts, where the inner one reads them."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, timeouts: Mapping[str, float | None]
    ) -> None:
        self._inner = inner
        self._timeouts = timeouts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; a ``timeout`` that its extensions already name is left alone."""
        request.extensions.setdefault("timeout", self._timeouts)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the process's one TLS context: reading the certificates takes some 30 ms."""
    return httpx.create_ssl_context()


def _aiohttp(connect_timeout_seconds: float) -> httpx.AsyncBaseTransport:
    # Imported here, as in every builder, so that a process loads only the library that it uses.
    import aiohttp
    from httpx_aiohttp import AiohttpTransport

    from gateway.sources.connecting import NotingConnector
    from gateway.sources.interim import WithoutInterim

    tls = _tls_context()

    def session() -> aiohttp.ClientSession:
        # The transport calls this at its first request: a session belongs to the running loop.
        connector = NotingConnector(
            ssl=tls,
            limit=MAX_CONNECTIONS,
            limit_per_host=MAX_CONNECTIONS_PER_UPSTREAM,
            keepalive_timeout=IDLE_SECONDS,
            # A service that came back at another address must be found within a second.
            ttl_dns_cache=1,
            # The default of 0.25 s is longer than our whole time to connect: a dead IPv6 route
            # would never leave room for IPv4.
            happy_eyeballs_delay=connect_timeout_seconds / 4,
        )
        # The connector takes no class for its protocol; this is the one name that it looks up.
        loop = asyncio.get_running_loop()
        connector._factory = partial(WithoutInterim, loop=loop)  # type: ignore[assignment]
        return aiohttp.ClientSession(
            connector=connector,
            # The session's own jar would send one visitor's cookies with everybody's calls.
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            # We say ourselves what we accept; left alone, aiohttp would ask for packed bodies.
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )

    # No pool timeout: aiohttp counts connecting into it and reports both alike, so a full pool
    # would look like an upstream that cannot be reached. The caller's deadline bounds the wait.
    timeouts = {"connect": connect_timeout_seconds, "read": READ_TIMEOUT_SECONDS, "pool": None}
    return WithTimeouts(AiohttpTransport(verify=tls, client=session), timeouts)


def _httpcore(connect_timeout_seconds: float) -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=IDLE_SECONDS,
    )
    timeouts = {
        "connect": connect_timeout_seconds,
        "read": READ_TIMEOUT_SECONDS,
        "write": READ_TIMEOUT_SECONDS,
        "pool": connect_timeout_seconds,
    }
    return WithTimeouts(httpx.AsyncHTTPTransport(verify=_tls_context(), limits=limits), timeouts)


def _pyreqwest(connect_timeout_seconds: float) -> httpx.AsyncBaseTransport:
    from pyreqwest.client import ClientBuilder
    from pyreqwest.compatibility.httpx import HttpxTransport

    # Timeouts stand on the client: those of a request would be added up to one total.
    client = (
        ClientBuilder()
        .http1_only()
        .max_connections(MAX_CONNECTIONS)
        .pool_timeout(timedelta(seconds=connect_timeout_seconds))
        .connect_timeout(timedelta(seconds=connect_timeout_seconds))
        .read_timeout(timedelta(seconds=READ_TIMEOUT_SECONDS))
        .pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
        .pool_max_idle_per_host(MAX_CONNECTIONS)
        .no_proxy()
        .follow_redirects(False)
        .referer(False)
        .default_cookie_store(False)
        .gzip(False)
        .deflate(False)
        .brotli(False)
        .zstd(False)
        .build()
    )
    return HttpxTransport(client)


def _direct(connect_timeout_seconds: float) -> httpx.AsyncBaseTransport:
    from gateway.sources.direct.transport import DirectTransport

    return DirectTransport(connect_timeout_seconds, _tls_context())


_BUILDERS: dict[str, Callable[[float], httpx.AsyncBaseTransport]] = {
    "direct": _direct,
    "aiohttp": _aiohttp,
    "httpcore": _httpcore,
    "pyreqwest": _pyreqwest,
}
