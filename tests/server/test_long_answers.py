"""An answer that Django gives in several parts is one answer to the visitor."""

from collections.abc import Iterator

import pytest

from tests.live import Server, Shop
from tests.server.long_page import LENGTH
from tests.server.wire import Connection


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
