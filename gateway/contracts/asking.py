"""One question to a service over HTTP, and all of what came back, within bounds of time and bytes.

It goes through the gateway's own transport: no cookies, no redirects, no proxy.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from gateway.aggregation.errors import (
    ReplyTooLarge,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
    SourceUnresolved,
)
from gateway.sources.body import MAX_BYTES
from gateway.sources.foreign import translated
from gateway.sources.transports import build_transport

CONNECT_SECONDS = 1.5
ANSWER_SECONDS = 2.0
"""How long a whole reply may take before we hang up. A page waits for much less."""

_ABSENT = (SourceRefused, SourceUnresolved, SourceUnreachable)
_WORDS = {
    "timeout": f"no whole reply within {ANSWER_SECONDS:g} s",
    "disconnected": (
        "the connection broke before the reply was whole; is its Content-Length too large?"
    ),
    "protocol": "what came is not HTTP that can be read; is its Content-Length too small?",
    "too-large": f"more than {MAX_BYTES} bytes; the page reads no further",
    "refused": "nobody listens there",
    "unresolved": "this name has no address",
    "unreachable": "no connection can be made",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a method, a whole address, and headers beyond those of every call."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, and what came: ``body`` as it was sent, ``seconds`` for all of it.

    Where no reply came, ``status`` is 0 and ``failure`` says why; ``absent`` if nobody was there.
    """

    request: Request
    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    seconds: float = 0.0
    failure: str = ""
    absent: bool = False
    late: bool = False


class Messenger:
    """Asks services, one question at a time for each."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(self, request: Request) -> Exchange:
        """Return what came of ``request``; whatever the service does, it is no exception."""
        began, body = time.monotonic(), bytearray()
        try:
            with translated("service"):
                async with asyncio.timeout(ANSWER_SECONDS):
                    status, headers = await self._whole(request, body)
        except SourceError as error:
            seconds = time.monotonic() - began
            return Exchange(
                request,
                seconds=seconds,
                failure=_words(error.reason, len(body)),
                absent=isinstance(error, _ABSENT),
                late=isinstance(error, SourceTimeout),
            )
        return Exchange(request, status, headers, bytes(body), time.monotonic() - began)

    async def _whole(self, request: Request, body: bytearray) -> tuple[int, httpx.Headers]:
        """Return status and headers; ``body`` is filled as it comes, so that a part of it tells."""
        sent = httpx.Request(request.method, request.url, headers=_headers(request))
        response = await self._transport.handle_async_request(sent)
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]  # it is asynchronous
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ReplyTooLarge("service")
        finally:
            await response.aclose()
        return response.status_code, response.headers


def _words(reason: str, came: int) -> str:
    """Say why there is no whole reply, of which ``came`` bytes are there."""
    said = _WORDS.get(reason, reason)
    if reason == "timeout" and came:
        return f"{said}, though {came} bytes came; is its Content-Length too large?"
    return said


def _headers(request: Request) -> dict[str, str]:
    """The headers of a call of the gateway's."""
    return {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        # A service that serves one connection at a time must not wait for us to ask again.
        "Connection": "close",
        "X-Request-ID": "contract",
        "traceparent": f"00-{'c' * 32}-{'c' * 16}-00",
        "X-Envoy-Expected-Rq-Timeout-Ms": str(int(ANSWER_SECONDS * 1000)),
        **request.headers,
    }


@asynccontextmanager
async def messenger() -> AsyncIterator[Messenger]:
    """Give a messenger over the transport that the gateway uses by default."""
    transport = build_transport("aiohttp", CONNECT_SECONDS)
    try:
        yield Messenger(transport)
    finally:
        await transport.aclose()
