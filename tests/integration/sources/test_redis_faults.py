"""What the shared cache lives through: it gives nothing, says so, and costs a page no time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis

from deploy.local.redis import EmbeddedRedis
from gateway.sources.redis_cache import OPERATION_SECONDS, RedisCache
from tests.integration.sources.asking import SLACK_SECONDS
from tests.integration.sources.caches import Shared, entry, shared
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port
from tests.misbehaving.wire import send, trickle


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A server that may be disturbed."""
    with EmbeddedRedis(tmp_path_factory.mktemp("own-redis")) as server:
        yield server


@pytest.fixture
def disturbed(own_redis: EmbeddedRedis) -> Iterator[Any]:
    """A way in beside the cache, to disturb the server with; afterwards all is as it was."""
    with redis.Redis.from_url(own_redis.url) as beside:
        beside.flushall()
        try:
            yield beside
        finally:
            beside.replicaof("NO", "ONE")
            beside.config_set("maxmemory", "64mb")
            beside.config_set("maxmemory-policy", "allkeys-lru")
            beside.config_set("min-replicas-to-write", "0")


async def _fails_open(ours: Shared, *reasons: str) -> None:
    """Both operations give nothing, raise nothing, are quick, and are reported."""
    for _ in range(2):
        ours.heard.events.clear()
        started = time.monotonic()
        assert await ours.cache().get("key") is None
        await ours.cache().put("key", entry())
        assert time.monotonic() - started < 2 * (OPERATION_SECONDS + SLACK_SECONDS)
        assert [operation for operation, _ in ours.failures] == ["get", "put"]
        assert {reason for _, reason in ours.failures} <= set(reasons)


@asynccontextmanager
async def _disguised(behaviour: str) -> AsyncIterator[Shared]:
    """Give the cache's client for an upstream that is no Redis at all."""
    async with (
        MisbehavingUpstream(BEHAVIOURS[behaviour]) as upstream,
        shared(f"redis://127.0.0.1:{upstream.port}/0") as ours,
    ):
        yield ours


async def test_a_redis_that_refuses_fails_open() -> None:
    with refusing_port() as port:
        async with shared(f"redis://127.0.0.1:{port}/0") as ours:
            await _fails_open(ours, "refused")


async def test_a_redis_without_an_address_fails_open() -> None:
    async with shared("redis://nobody.invalid:6379/0") as ours:
        await _fails_open(ours, "refused", "timeout")


async def test_a_redis_that_hangs_fails_open() -> None:
    async with _disguised("hangs") as ours:
        await _fails_open(ours, "timeout")


async def test_a_redis_that_talks_nonsense_fails_open() -> None:
    async with _disguised("garbage_status_line") as ours:
        await _fails_open(ours, "refused", "timeout", "error")


async def test_a_redis_that_trickles_fails_open() -> None:
    """Each single read is in time, the whole never."""

    async def trickles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await send(writer, b"+")
        await trickle(writer, b"a")

    async with (
        MisbehavingUpstream(trickles) as upstream,
        shared(f"redis://127.0.0.1:{upstream.port}/0") as ours,
    ):
        await _fails_open(ours, "timeout")


async def test_many_at_once_wait_for_a_hanging_redis_no_longer_than_one() -> None:
    """More than there are connections: waiting for one counts too."""
    async with _disguised("hangs") as ours:
        started = time.monotonic()
        found = await asyncio.gather(*(ours.cache().get("key") for _ in range(200)))
        assert time.monotonic() - started < OPERATION_SECONDS + 2 * SLACK_SECONDS
        assert found == [None] * 200
        assert len(ours.failures) == 200


async def test_a_redis_that_is_read_only_still_reads(
    own_redis: EmbeddedRedis, disturbed: Any
) -> None:
    async with shared(own_redis.url) as ours:
        await ours.cache().put("key", entry())
        disturbed.config_set("min-replicas-to-write", "1")
        assert await ours.cache().get("key") is not None
        await ours.cache().put("other", entry())
        assert [operation for operation, _ in ours.failures] == ["put"]
        disturbed.config_set("min-replicas-to-write", "0")
        disturbed.replicaof("127.0.0.1", "1")
        await ours.cache().put("other", entry())
        assert ours.failures[1:] == [("put", "error")]


async def test_a_redis_that_is_out_of_memory_still_reads(
    own_redis: EmbeddedRedis, disturbed: Any
) -> None:
    async with shared(own_redis.url) as ours:
        await ours.cache().put("key", entry())
        disturbed.config_set("maxmemory-policy", "noeviction")
        disturbed.config_set("maxmemory", "1")
        await ours.cache().put("other", entry())
        assert ours.failures == [("put", "error")]
        assert await ours.cache().get("key") is not None
        assert await ours.cache().get("other") is None


async def test_a_late_reply_is_never_taken_for_another(
    own_redis: EmbeddedRedis, disturbed: Any
) -> None:
    """A connection that was given up in the middle of a reply must not be used again."""
    async with shared(own_redis.url) as ours:
        for number in range(20):
            await ours.cache().put(str(number), entry(f"value {number}"))
        disturbed.client_pause(300)
        await asyncio.gather(*(ours.cache().get(str(number)) for number in range(20)))
        assert ours.failures
        disturbed.client_unpause()
        for number in range(20):
            for turns in range(4):
                await _cancelled_get(ours.cache(), str(19 - number), turns)
            found = await ours.cache().get(str(number))
            assert found is not None
            assert found.value == f"value {number}"


async def _cancelled_get(cache: RedisCache, key: str, turns: int) -> None:
    task = asyncio.create_task(cache.get(key))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_storm_of_cancelled_operations_leaves_the_pool_whole(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await ours.cache().put("key", entry())
        for turns in range(12):
            await asyncio.gather(*(_cancelled_get(ours.cache(), "key", turns) for _ in range(60)))
        ours.heard.events.clear()
        for _ in range(60):
            assert await ours.cache().get("key") is not None
        assert ours.failures == []


async def test_a_redis_that_comes_back_is_used_again(own_redis: EmbeddedRedis) -> None:
    async with shared(own_redis.url) as ours:
        await ours.cache().put("key", entry())
        await asyncio.to_thread(own_redis.stop)
        assert await ours.cache().get("key") is None
        await asyncio.to_thread(own_redis.start)
        await ours.cache().put("key", entry())
        assert await ours.cache().get("key") is not None
