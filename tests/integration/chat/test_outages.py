"""What the chat does while Redis or Postgres is away: it says so, and goes on by itself."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.chat.client import connected, joined
from tests.live import Server, Shop
from tests.plain import NO_TLS
from tests.toxics import Down, Timeout, ToxicProxy


@dataclass
class Ground:
    """A gateway, and what stands between it and its servers."""

    gateway: Server
    postgres: ToxicProxy
    redis: ToxicProxy


@pytest.fixture(scope="module")
def ground(shop: Shop) -> Iterator[Ground]:
    """A replica whose Postgres and Redis can be taken away."""
    database = urlsplit(shop.environment["DATABASE_URL"])
    socket = Path(parse_qs(database.query)["host"][0]) / ".s.PGSQL.5432"
    server = urlsplit(shop.environment["REDIS_URL"])
    assert server.port
    with (
        ToxicProxy(socket) as postgres,
        ToxicProxy((server.hostname or "", server.port)) as redis,
        shop.another_gateway(
            DATABASE_URL=f"postgresql://postgres@127.0.0.1:{postgres.port}{database.path}",
            REDIS_URL=f"redis://127.0.0.1:{redis.port}{server.path}",
        ) as gateway,
    ):
        yield Ground(gateway, postgres, redis)


@pytest.mark.parametrize("toxic", [Down(), Timeout()], ids=["refused", "hangs"])
async def test_without_redis_messages_still_come_and_everybody_is_told(
    shop: Shop, ground: Ground, room: str, toxic: Down | Timeout
) -> None:
    async with joined(ground.gateway, room) as here, joined(shop.gateway, room) as there:
        with ground.redis.poisoned(toxic):
            assert not (await here.until("status"))["live"]
            await there.say("do you hear me?")
            assert (await here.until("message"))["text"] == "do you hear me?"
            assert (await here.said("only just"))["text"] == "only just"
            async with connected(ground.gateway, room) as late:
                assert (await late.next())["type"] == "welcome"
                assert not (await late.until("status"))["live"]
            page = await asyncio.to_thread(
                httpx.get, ground.gateway.url, trust_env=False, verify=NO_TLS
            )
            assert page.status_code == 200
        assert (await here.until("status"))["live"]
        await there.say("and now?")
        assert (await here.until("message"))["text"] == "and now?"


@pytest.mark.parametrize("toxic", [Down(), Timeout()], ids=["refused", "hangs"])
async def test_without_postgres_nothing_is_said_and_everybody_is_told(
    ground: Ground, room: str, toxic: Down | Timeout
) -> None:
    async with joined(ground.gateway, room) as client:
        with ground.postgres.poisoned(toxic):
            await client.say("is anybody there?", "kept-1")
            error = await client.until("error")
            assert (error["code"], error["client_id"]) == ("unavailable", "kept-1")
            async with connected(ground.gateway, room) as late:
                code, reason = await late.closed()
                assert code == 1013
                assert "try again" in reason
        await asyncio.to_thread(recovered, ground.gateway)
        await client.say("is anybody there?", "kept-1")
        assert (await client.until("message"))["text"] == "is anybody there?"
    assert "Traceback" not in ground.gateway.said()
    assert '"exc_type"' not in ground.gateway.said()


def recovered(gateway: Server) -> None:
    """Wait until it reaches Postgres again."""
    from deploy.local.process import wait_until

    def shows_the_room() -> bool:
        return gateway.status("/chat/") == 200

    assert wait_until(shows_the_room, 15.0)
