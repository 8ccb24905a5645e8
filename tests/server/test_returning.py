"""Members who come again, on the wire: the same page, for them alone, while it holds."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.process import wait_until
from tests.integration.members.asking import post, sign_in, visitor
from tests.live import Server, Shop
from tests.server.wire import Answer, Connection, head

PATIENCE_SECONDS = 10.0
ONES_OWN = {"server-timing", "x-request-id", "date", "fragment-status"}


@pytest.fixture(scope="module")
def gateway(shop: Shop, server: str) -> Iterator[Server]:
    with shop.another_gateway(SERVER=server) as gateway:
        yield gateway


@pytest.fixture
def member(gateway: Server) -> Iterator[httpx.Client]:
    with visitor(gateway.url) as member:
        sign_in(member)
        yield member


def cookies(member: httpx.Client) -> str:
    return "Cookie: " + "; ".join(f"{each.name}={each.value}" for each in member.cookies.jar)


def counted(gateway: Server) -> float:
    """How many pages went past Django so far."""
    metrics = httpx.get(gateway.url + "/metrics", trust_env=False).text
    return float(metrics.split("\ngateway_returning_pages_total ")[1].split()[0])


async def again(gateway: Server, *fields: str, method: str = "GET") -> Answer:
    """Ask until the answer has gone past Django."""
    async with asyncio.timeout(PATIENCE_SECONDS), Connection(gateway.url) as connection:
        while True:
            before = counted(gateway)
            await connection.send(head(method, "/", *fields))
            answer = await connection.answer(method)
            if counted(gateway) > before:
                return answer


async def through_django(gateway: Server, *fields: str) -> Answer:
    """Ask for the same page in a way for which nobody is remembered."""
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", "/?x=1", *fields))
        return await connection.answer()


async def test_it_is_the_page_that_django_would_send(gateway: Server, member: httpx.Client) -> None:
    hers = cookies(member)
    found = await again(gateway, hers)  # once her token has been made, which renews its cookie
    made = await through_django(gateway, hers)
    assert found.status == 200
    assert found.body == made.body
    assert b"Sign out" in found.body
    assert found.headers.keys() == made.headers.keys()
    for name in found.headers.keys() - ONES_OWN:
        assert found.headers[name] == made.headers[name]
    for name in ("server-timing", "fragment-status"):
        assert _shape(found.headers[name]) == _shape(made.headers[name])


def _shape(said: str) -> str:
    return re.sub(r"[0-9.]+", "N", said)


async def test_head_gets_the_head_alone(gateway: Server, member: httpx.Client) -> None:
    hers = cookies(member)
    whole, bare = await again(gateway, hers), await again(gateway, hers, method="HEAD")
    assert bare.body == b""
    assert bare.headers["content-length"] == whole.headers["content-length"]


async def test_she_is_named_as_she_wishes_and_told_of_once(
    gateway: Server, member: httpx.Client
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    own = ["X-Request-ID: again-7", f"traceparent: 00-{trace}-b7ad6b7169203331-00"]
    answer = await again(gateway, cookies(member), *own)
    assert answer.headers["x-request-id"] == "again-7"
    assert wait_until(lambda: '"request_id": "again-7"' in gateway.said(), PATIENCE_SECONDS)
    lines = [line for line in gateway.said().splitlines() if '"request_id": "again-7"' in line]
    assert all(trace in line for line in lines)


async def test_the_page_is_counted_as_composed(gateway: Server, member: httpx.Client) -> None:
    def composed() -> float:
        said = httpx.get(gateway.url + "/metrics", trust_env=False).text
        return sum(
            map(float, re.findall(r'^gateway_pages_total{.*page="home".*} (.*)$', said, re.M))
        )

    before, passed = composed(), counted(gateway)
    await again(gateway, cookies(member))
    assert composed() - before >= counted(gateway) - passed >= 1


async def test_who_has_signed_out_is_a_stranger_at_once(
    gateway: Server, member: httpx.Client
) -> None:
    hers = cookies(member)
    await again(gateway, hers)
    assert post(member, "/signout/", form_on="/").status_code == 302
    for _ in range(3):
        async with Connection(gateway.url) as connection:
            await connection.send(head("GET", "/", hers))
            answer = await connection.answer()
        assert b"Sign out" not in answer.body


async def test_each_gets_her_own_page(gateway: Server, member: httpx.Client) -> None:
    hers = cookies(member)
    with visitor(gateway.url) as other:
        sign_in(other)
        his = cookies(other)
    tokens = {
        whose: set(re.findall(rb'csrfmiddlewaretoken" value="(\w+)"', page.body))
        for whose, page in ((hers, await again(gateway, hers)), (his, await again(gateway, his)))
    }
    assert tokens[hers]
    assert tokens[his]
    assert tokens[hers].isdisjoint(tokens[his])
