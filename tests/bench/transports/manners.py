"""What each transport does unasked: cookies, redirects, unpacking, proxies, asking again."""

import asyncio
import gzip
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial

import httpx
from httpx_aiohttp import AiohttpTransport
from pyreqwest.compatibility.httpx import HttpxTransport

from tests.misbehaving import BEHAVIOURS, GOOD_BODY, MisbehavingUpstream
from tests.misbehaving.wire import read_request, reply, send

from .calls import build_transport, call, failure

IDLE_CALLS = 100
# Draining 300 MiB takes longer than this; closing does not.
CLOSING_SECONDS = 0.05

Build = Callable[[], httpx.AsyncBaseTransport]

# What one gets without saying anything, to see which of our settings are needed.
_AS_IT_COMES: dict[str, Build] = {
    "httpcore": httpx.AsyncHTTPTransport,
    "aiohttp": AiohttpTransport,
    "pyreqwest": HttpxTransport,
}


async def measure_manners(name: str) -> dict[str, str]:
    """Return what the transport called ``name`` does in each case, in a few words."""
    return {
        **{f"{what}, as it comes": await ask(_AS_IT_COMES[name]) for what, ask in _UNASKED.items()},
        **{what: await ask(partial(build_transport, name)) for what, ask in _UNASKED.items()},
        "connections for 20 calls in a row": await _connections(name),
        "server closed an idle connection": await _stale(name),
        "server closes at the second request": await _second_request(name),
        "endless body stopped at 1 MiB": await _stopped(name, "endless_body"),
        "300 MiB body stopped at 1 MiB": await _stopped(name, "big_body"),
    }


async def _keeps_cookies(build: Build) -> str:
    seen: list[bytes] = []

    async def remember(reader: StreamReader, writer: StreamWriter) -> None:
        while request := await read_request(reader):
            seen.append(request)
            await send(writer, reply(headers=b"Set-Cookie: visitor=ada; Path=/\r\n"))

    transport = build()
    async with MisbehavingUpstream(remember) as upstream:
        # Jars commonly refuse addresses, so the upstream is called by a name.
        url = upstream.url.replace("127.0.0.1", "localhost")
        await call(transport, url)
        await call(transport, url)
    await transport.aclose()
    return _yes(b"visitor=ada" in seen[1])


async def _follows_redirects(build: Build) -> str:
    transport = build()
    async with MisbehavingUpstream(BEHAVIOURS["redirect_loop"]) as upstream:
        error = await failure(transport, upstream.url)
        followed = upstream.accepted > 1 or isinstance(error, httpx.TooManyRedirects)
    await transport.aclose()
    return _yes(followed)


async def _unpacks(build: Build) -> str:
    transport = build()
    async with MisbehavingUpstream(BEHAVIOURS["gzip_unasked"]) as upstream:
        received = await call(transport, upstream.url)
    await transport.aclose()
    assert received in (len(GOOD_BODY), len(gzip.compress(GOOD_BODY)))
    return _yes(received == len(GOOD_BODY))


async def _uses_proxy(build: Build) -> str:
    good = BEHAVIOURS["good"]
    async with MisbehavingUpstream(good) as proxy, MisbehavingUpstream(good) as upstream:
        with _proxy_in_environment(proxy.url):
            transport = build()
            await call(transport, upstream.url)
            await transport.aclose()
    return _yes(proxy.accepted > 0)


@contextmanager
def _proxy_in_environment(url: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY")}
    os.environ.update(HTTP_PROXY=url, http_proxy=url, NO_PROXY="")
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


async def _connections(name: str) -> str:
    transport = build_transport(name)
    async with MisbehavingUpstream(BEHAVIOURS["good"]) as upstream:
        for _ in range(20):
            await call(transport, upstream.url)
    await transport.aclose()
    return str(upstream.accepted)


async def _stale(name: str) -> str:
    transport = build_transport(name)
    failed = 0
    async with MisbehavingUpstream(BEHAVIOURS["good_once"]) as upstream:
        for _ in range(IDLE_CALLS):
            failed += await failure(transport, upstream.url) is not None
    await transport.aclose()
    return f"{failed} of {IDLE_CALLS} calls fail"


async def _second_request(name: str) -> str:
    transport = build_transport(name)
    async with MisbehavingUpstream(BEHAVIOURS["closes_on_second_request"]) as upstream:
        await call(transport, upstream.url)
        error = await failure(transport, upstream.url)
    await transport.aclose()
    return f"raises {type(error).__name__}" if error else "asks again by itself (GET)"


async def _stopped(name: str, behaviour: str) -> str:
    transport = build_transport(name)
    async with MisbehavingUpstream(BEHAVIOURS[behaviour]) as upstream:
        await call(transport, upstream.url)
        await asyncio.sleep(CLOSING_SECONDS)
        left_open = upstream.open_connections
    await transport.aclose()
    return "left open" if left_open else "closed at once, not drained"


_UNASKED: dict[str, Callable[[Build], Awaitable[str]]] = {
    "keeps cookies": _keeps_cookies,
    "follows redirects": _follows_redirects,
    "unpacks gzip": _unpacks,
    "uses `HTTP_PROXY`": _uses_proxy,
}


def _yes(value: bool) -> str:
    return "yes" if value else "no"
