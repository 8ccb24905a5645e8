"""Pages that lie ready, on the wire: the same page, however it is asked for, and nobody else's."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.process import wait_until
from tests.integration.members.asking import sign_in
from tests.live import DEMO_EMAIL, Server, Shop
from tests.server.wire import Answer, Connection, head

READY = 'desc="ready"'
PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module")
def gateway(shop: Shop, server: str) -> Iterator[Server]:
    with shop.another_gateway(SERVER=server) as gateway:
        yield gateway


async def ready(gateway: Server, connection: Connection, *fields: str) -> Answer:
    """Ask until the answer is one that lay ready."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await connection.send(head("GET", "/", *fields))
            answer = await connection.answer()
            assert answer.status == 200
            if READY in answer.headers["server-timing"]:
                return answer


async def composed(gateway: Server) -> Answer:
    """Ask for the same page in a way for which nothing lies ready."""
    async with Connection(gateway.url) as connection:
        return await connection.get("/?x=1")


async def test_it_is_the_page_that_would_be_composed(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        found = await ready(gateway, connection)
    made = await composed(gateway)
    assert found.body == made.body
    alike = found.headers.keys() - {"server-timing", "x-request-id", "date", "fragment-status"}
    assert made.headers.keys() - {"server-timing", "x-request-id", "date", "fragment-status"} == (
        alike
    )
    for name in alike - {"cache-control"}:
        assert found.headers[name] == made.headers[name]


async def test_a_visitor_is_named_as_he_wishes(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        named = await ready(gateway, connection, "X-Request-ID: mine-7")
        other = await ready(gateway, connection)
    assert named.headers["x-request-id"] == "mine-7"
    assert other.headers["x-request-id"] != "mine-7"
    assert wait_until(lambda: '"request_id": "mine-7"' in gateway.said(), PATIENCE_SECONDS)


async def test_head_gets_the_head_alone(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        whole = await ready(gateway, connection)
        bare = await connection.get("/", "HEAD")
        after = await connection.get("/")
    assert bare.headers["content-length"] == whole.headers["content-length"]
    assert after.body == whole.body


async def test_whoever_wants_no_more_gets_all_of_it_and_is_left(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        whole = await ready(gateway, connection)
    for _ in range(20):
        async with Connection(gateway.url) as connection:
            await connection.send(head("GET", "/", "Connection: close"))
            answer = await connection.answer()
            assert answer.body == whole.body
            assert answer.closes
            assert await connection.until_closed() == b""


async def test_requests_that_come_in_one_piece_are_answered_in_turn(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await ready(gateway, connection)
        await connection.send(head("GET", "/") + head("GET", "/livez") + head("GET", "/"))
        answers = [await connection.answer() for _ in range(3)]
    assert [len(each.body) > 1000 for each in answers] == [True, False, True]


def test_a_member_never_gets_a_strangers_page_and_no_stranger_hers(gateway: Server) -> None:
    with httpx.Client(base_url=gateway.url, trust_env=False) as member:
        sign_in(member)
        for _ in range(10):
            hers = member.get("/")
            strangers = httpx.get(gateway.url + "/", trust_env=False)
            assert "Sign out" in hers.text
            assert hers.headers["Cache-Control"] == "no-store"
            assert "Sign out" not in strangers.text
            assert DEMO_EMAIL not in strangers.text


def test_a_foreign_host_is_refused_though_the_page_lies_ready(gateway: Server) -> None:
    for _ in range(3):
        assert httpx.get(gateway.url + "/", trust_env=False).status_code == 200
    told = {"Host": "elsewhere.example"}
    assert httpx.get(gateway.url + "/", headers=told, trust_env=False).status_code == 400


async def test_each_answer_is_counted_and_told_once(gateway: Server) -> None:
    """Also where a new connection is looked at before it is one."""
    async with Connection(gateway.url) as connection:
        await ready(gateway, connection)
    before = counted(gateway)
    names = [f"told-once-{number}" for number in range(5)]
    answered_ready = 0
    for name in names:
        async with Connection(gateway.url) as connection:
            await connection.send(head("GET", "/", f"X-Request-ID: {name}"))
            answered_ready += READY in (await connection.answer()).headers["server-timing"]
    assert counted(gateway) - before == answered_ready
    assert wait_until(lambda: names[-1] in gateway.said(), PATIENCE_SECONDS)
    assert [gateway.said().count(f'"request_id": "{name}"') for name in names] == [1] * 5


def counted(gateway: Server) -> float:
    """How many pages were handed out so far."""
    metrics = httpx.get(gateway.url + "/metrics", trust_env=False).text
    return float(metrics.split("\ngateway_ready_pages_total ")[1].split()[0])
