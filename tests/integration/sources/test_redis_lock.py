"""The fleet's lock on a real Redis: one holder at a time, and never in anybody's way."""

import asyncio
import time

import pytest
import redis

from gateway.sources.redis_cache import OPERATION_SECONDS, SharedRedis
from gateway.sources.redis_lock import PREFIX, RedisLock
from tests.integration.sources.asking import SLACK_SECONDS
from tests.integration.sources.caches import Shared, shared
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port


def lock(ours: Shared) -> RedisLock:
    """Return the lock of one more gateway."""
    return RedisLock("thing", SharedRedis(ours.client, time.time, ours.heard))


async def test_one_of_many_gateways_gets_the_lock(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        locks = [lock(ours) for _ in range(20)]
        got = await asyncio.gather(*(each.acquire("key", 60) for each in locks))
        assert got.count(True) == 1
        assert ours.failures == []


async def test_another_key_is_another_lock(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        assert await lock(ours).acquire("one", 60)
        assert await lock(ours).acquire("other", 60)


async def test_a_lock_that_is_given_back_can_be_taken(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        first, second = lock(ours), lock(ours)
        assert await first.acquire("key", 60)
        await first.release("key")
        assert await second.acquire("key", 60)
        assert ours.failures == []


async def test_only_its_holder_can_give_a_lock_back(empty_redis: str) -> None:
    """When it has expired, another may hold it by now."""
    async with shared(empty_redis) as ours:
        first, second, third = lock(ours), lock(ours), lock(ours)
        assert await first.acquire("key", 60)
        await ours.client.delete(PREFIX + "key")
        assert await second.acquire("key", 60)
        await first.release("key")
        assert not await third.acquire("key", 60)


async def test_to_give_back_what_one_does_not_hold_is_no_failure(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await lock(ours).release("key")
        assert ours.failures == []


@pytest.mark.parametrize(("seconds", "most_ms"), [(0.8, 800), (0.0, 1), (-1.0, 1)])
async def test_a_lock_expires_by_itself(seconds: float, most_ms: int, empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        assert await lock(ours).acquire("key", seconds)
        left_ms = await ours.client.pttl(PREFIX + "key")
        assert left_ms != -1, "it would never expire"
        assert left_ms <= most_ms


async def _lets_everybody_ask(ours: Shared, *reasons: str) -> None:
    started = time.monotonic()
    for _ in range(2):
        assert await lock(ours).acquire("key", 60)
        await lock(ours).release("key")
    assert time.monotonic() - started < 4 * OPERATION_SECONDS + 2 * SLACK_SECONDS
    assert [operation for operation, _ in ours.failures] == ["lock", "unlock"] * 2
    assert {reason for _, reason in ours.failures} <= set(reasons)


async def test_a_redis_that_refuses_lets_everybody_ask() -> None:
    with refusing_port() as port:
        async with shared(f"redis://127.0.0.1:{port}/0") as ours:
            await _lets_everybody_ask(ours, "refused")


@pytest.mark.parametrize("behaviour", ["hangs", "garbage_status_line"])
async def test_a_redis_that_hangs_or_talks_nonsense_lets_everybody_ask(behaviour: str) -> None:
    async with (
        MisbehavingUpstream(BEHAVIOURS[behaviour]) as upstream,
        shared(f"redis://127.0.0.1:{upstream.port}/0") as ours,
    ):
        await _lets_everybody_ask(ours, "timeout", "refused", "error")


async def test_a_redis_that_takes_no_writes_lets_everybody_ask(empty_redis: str) -> None:
    with redis.Redis.from_url(empty_redis) as beside:
        beside.config_set("min-replicas-to-write", "1")
        try:
            async with shared(empty_redis) as ours:
                assert await lock(ours).acquire("key", 60)
                assert await lock(ours).acquire("key", 60)
                assert ours.failures == [("lock", "error")] * 2
        finally:
            beside.config_set("min-replicas-to-write", "0")
