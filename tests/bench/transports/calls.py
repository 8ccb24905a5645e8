"""The one way in which every part of the measurement calls a transport: as the gateway does."""

import asyncio
from typing import Any

import httpx

from gateway.sources.transports import build_transport

NAMES = ("httpcore", "aiohttp", "pyreqwest")
LIMIT_BYTES = 1024 * 1024
# Generous: a healthy call takes a few milliseconds.
NORMAL_SECONDS = 3.0


async def call(
    transport: httpx.AsyncBaseTransport, url: str, extensions: dict[str, Any] | None = None
) -> int:
    """Return how many bytes of body came, and stop at 1 MiB; raises whatever the transport does."""
    request = httpx.Request("GET", url, extensions=extensions)
    response = await transport.handle_async_request(request)
    received = 0
    try:
        async for block in response.aiter_raw():
            received += len(block)
            if received >= LIMIT_BYTES:
                break
    finally:
        await response.aclose()
    return received


async def succeeded(transport: httpx.AsyncBaseTransport, url: str, calls: int) -> int:
    """Return how many of so many concurrent calls to a healthy upstream succeed in time."""

    async def one() -> None:
        async with asyncio.timeout(NORMAL_SECONDS):
            await call(transport, url)

    results = await asyncio.gather(*(one() for _ in range(calls)), return_exceptions=True)
    return sum(result is None for result in results)


async def failure(
    transport: httpx.AsyncBaseTransport, url: str, extensions: dict[str, Any] | None = None
) -> BaseException | None:
    """Return the exception that a call ends in, or None when it succeeds."""
    try:
        async with asyncio.timeout(NORMAL_SECONDS):
            await call(transport, url, extensions)
    except Exception as error:  # noqa: BLE001  # what comes out is what is being measured
        return error
    return None


__all__ = ["NAMES", "build_transport", "call", "failure", "succeeded"]
