"""Visitors who come and go: thousands who leave before their page is there."""

import asyncio
import random
from collections.abc import Iterator

import psutil
import pytest

from deploy.local.process import wait_until
from tests.live import Server, Shop, complete
from tests.server.wire import Connection, head

LEAVERS = 2000
# As many as it takes until their queue, and so the memory, is as large as it ever becomes.
WARMING = 1500
AT_ONCE = 50
LONGEST_STAY_SECONDS = 0.03
# Connections to the services are closed when nobody has used them for some seconds.
SETTLE_SECONDS = 15.0
# They queue before the door: those who have left are still in the queue for some seconds.
RECOVERY_SECONDS = 15.0
PAGES = 40
# A pool that is poisoned gives none; a machine that is slow for a moment costs one or two.
ENOUGH = 36
# The pool of Postgres connections may still grow.
MORE_FILES = 25
MORE_THREADS = 3
MORE_BYTES = 15_000_000


@pytest.fixture(scope="module")
def uncached(shop: Shop) -> Iterator[Server]:
    """A gateway that asks the services for every page."""
    caches = {"PROMO_FRESH_SECONDS": "0", "RECCO_FRESH_SECONDS": "0"}
    with shop.another_gateway(**caches) as gateway:
        assert complete(gateway)
        yield gateway


async def leave_early(gateway: Server, stay_seconds: float) -> None:
    """Ask for the home page and be gone, at a moment of no regard to what is being done for us."""
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", "/"))
        await asyncio.sleep(stay_seconds)


async def storm(gateway: Server, leavers: int, chance: random.Random) -> None:
    """Let so many visitors come and go, a bounded number at once."""
    left = iter(range(leavers))

    async def one_after_another() -> None:
        for _ in left:
            await leave_early(gateway, chance.uniform(0, LONGEST_STAY_SECONDS))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())


async def test_thousands_who_leave_early_leave_nothing_behind(uncached: Server) -> None:
    process = psutil.Process(uncached.pid)
    chance = random.Random(20)
    await storm(uncached, WARMING, chance)
    assert await asyncio.to_thread(wait_until, lambda: complete(uncached), SETTLE_SECONDS)
    files, threads = process.num_fds(), process.num_threads()
    memory = process.memory_info().rss

    await storm(uncached, LEAVERS, chance)

    assert await asyncio.to_thread(wait_until, lambda: complete(uncached), RECOVERY_SECONDS)
    async with Connection(uncached.url) as connection:
        answers = [await connection.get("/") for _ in range(PAGES)]
    whole = [answer for answer in answers if answer.headers["gateway-complete"] == "?1"]
    assert len(whole) >= ENOUGH, [answer.headers["fragment-status"] for answer in answers]

    def settled() -> bool:
        return process.num_fds() <= files + MORE_FILES

    assert await asyncio.to_thread(wait_until, settled, SETTLE_SECONDS), process.num_fds()
    assert process.num_threads() <= threads + MORE_THREADS
    assert process.memory_info().rss <= memory + MORE_BYTES
    assert "Traceback" not in uncached.said()
