"""An answer that Django gives in several parts is one answer to the visitor."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.live import Server, Shop
from tests.server.long_page import LENGTH
from tests.server.wire import Connection, head

MEGABYTE = 1_048_576


@pytest.fixture(scope="module")
def gateway(shop: Shop) -> Iterator[Server]:
    """A gateway with a page that is longer than what Django sends at a time."""
    gateway = shop.new_gateway("-m", "tests.server.long_page")
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


async def test_of_a_long_page_a_head_gets_no_byte_of_the_body(gateway: Server) -> None:
    """Or the visitor would take it for the next answer on this connection."""
    async with Connection(gateway.url) as connection:
        for _ in range(3):
            told = await connection.get("/metrics", "HEAD")
            assert (told.status, told.headers["content-length"]) == (200, str(LENGTH))
            whole = await connection.get("/metrics")
            assert (whole.status, len(whole.body)) == (200, LENGTH)


@pytest.mark.parametrize("first", ["A: b", "TE: trailers"], ids=["plain", "parsed"])
async def test_whoever_takes_nothing_in_is_not_read_from_without_end(
    gateway: Server, first: str
) -> None:
    """What he asks behind what he does not take in would else fill the memory."""
    parts, loop = urlsplit(gateway.url), asyncio.get_running_loop()
    more = head("GET", "/metrics", "TE: trailers", "X-Padding: " + "x" * 4000)
    with socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visitor.setblocking(False)
        await loop.sock_connect(visitor, (parts.hostname, parts.port))
        await loop.sock_sendall(visitor, head("GET", "/metrics", first))
        taken = 0
        with contextlib.suppress(TimeoutError):
            while taken < 40 * MEGABYTE:
                async with asyncio.timeout(1.5):
                    await loop.sock_sendall(visitor, more)
                taken += len(more)
    # Most of what was taken lies in the kernel's buffers, at both ends.
    assert taken < 20 * MEGABYTE
