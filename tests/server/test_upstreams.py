"""Foreign services behind the page: slow ones, and ones that never answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from deploy.local.redis import free_port
from tests.live import Server, Shop
from tests.misbehaving import BEHAVIOURS, Behaviour, MisbehavingUpstream
from tests.misbehaving.wire import read_request, reply, send
from tests.plain import NO_TLS
from tests.server.wire import Connection
from tests.unit.web.fields import boolean, listed

PROMO_PORT, RECCO_PORT = free_port(), free_port()
DELAY_SECONDS = 0.3
TRIES = 8
HEALTHY = {"live", "fresh"}


@pytest.fixture(scope="module")
def gateway(shop: Shop) -> Iterator[Server]:
    """A gateway that keeps nothing; what its two services are is up to each test."""
    foreign = {
        "PROMO_SERVICE_URL": f"http://127.0.0.1:{PROMO_PORT}",
        "RECCO_SERVICE_URL": f"http://127.0.0.1:{RECCO_PORT}",
        "PROMO_FRESH_SECONDS": "0",
        "RECCO_FRESH_SECONDS": "0",
    }
    with shop.another_gateway(**foreign) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def promo(shop: Shop) -> bytes:
    """What the promotions service says."""
    return httpx.get(f"{shop.promo.url}/v1/promotions", trust_env=False, verify=NO_TLS).content


@pytest.fixture(scope="module")
def recco(shop: Shop) -> bytes:
    """What the recommendation service says."""
    return httpx.get(f"{shop.recco.url}/v1/recommendations", trust_env=False, verify=NO_TLS).content


def says(body: bytes, delay_seconds: float = 0.0) -> Behaviour:
    """Return a behaviour that answers every request with ``body``, so late."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await read_request(reader):
            await asyncio.sleep(delay_seconds)
            await send(writer, reply(body))

    return behave


@asynccontextmanager
async def services(promo: Behaviour, recco: Behaviour) -> AsyncIterator[None]:
    """Serve at the two addresses."""
    async with AsyncExitStack() as both:
        for port, behaviour in ((PROMO_PORT, promo), (RECCO_PORT, recco)):
            upstream = MisbehavingUpstream(behaviour)
            upstream._port = port
            await both.enter_async_context(upstream)
        yield


async def test_two_slow_services_are_asked_at_once(
    gateway: Server, promo: bytes, recco: bytes
) -> None:
    """The page takes as long as the slower one, not as both. The best of some tries counts."""
    loop = asyncio.get_running_loop()
    seconds = []
    async with (
        services(says(promo, DELAY_SECONDS), says(recco, DELAY_SECONDS)),
        Connection(gateway.url) as connection,
    ):
        for _ in range(TRIES):
            started = loop.time()
            answer = await connection.get("/")
            if boolean(answer.headers["gateway-complete"]):
                seconds.append(loop.time() - started)
    assert seconds, answer.headers["fragment-status"]
    assert DELAY_SECONDS <= min(seconds) < 1.25 * DELAY_SECONDS + 0.02


@pytest.mark.parametrize("fault", ["hangs", "body_trickles", "headers_trickle"])
@pytest.mark.parametrize("broken", ["promo", "recco"])
async def test_a_service_that_never_answers_costs_its_own_fragment_alone(
    gateway: Server, promo: bytes, recco: bytes, broken: str, fault: str
) -> None:
    behaviours = {"promo": says(promo), "recco": says(recco)}
    behaviours[broken] = BEHAVIOURS[fault]
    loop = asyncio.get_running_loop()
    async with services(**behaviours), Connection(gateway.url) as connection:
        started = loop.time()
        answer = await connection.get("/")
        seconds = loop.time() - started
    status = listed(answer.headers["fragment-status"])
    assert answer.status == 200
    assert seconds < 1.0
    assert boolean(answer.headers["gateway-complete"]) is False
    assert status.pop(broken).parameters == {"state": "fallback", "reason": "timeout"}
    assert {item.parameters["state"] for item in status.values()} <= HEALTHY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body.rstrip().endswith(b"</html>")


async def test_with_both_silent_the_page_is_still_there_in_time(gateway: Server) -> None:
    loop = asyncio.get_running_loop()
    hangs = BEHAVIOURS["hangs"]
    async with services(hangs, hangs), Connection(gateway.url) as connection:
        started = loop.time()
        answer = await connection.get("/")
        seconds = loop.time() - started
    status = listed(answer.headers["fragment-status"])
    assert (answer.status, seconds < 1.0) == (200, True)
    assert status["arrivals"].parameters["state"] in HEALTHY
    assert {status[name].parameters["reason"] for name in ("promo", "recco")} == {"timeout"}


async def test_the_next_page_after_a_fault_is_complete(
    gateway: Server, promo: bytes, recco: bytes
) -> None:
    async with services(BEHAVIOURS["hangs"], says(recco)), Connection(gateway.url) as connection:
        assert (await connection.get("/")).headers["gateway-complete"] == "?0"
    async with services(says(promo), says(recco)), Connection(gateway.url) as connection:
        answers = [await connection.get("/") for _ in range(3)]
    assert answers[-1].headers["gateway-complete"] == "?1", answers[-1].headers["fragment-status"]
