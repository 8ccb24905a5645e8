"""The shared cache on a real Redis: what goes in comes out, and what it cannot do it says."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import pytest
import redis

from deploy.local.redis import EmbeddedRedis
from gateway.aggregation.cache import Entry
from gateway.aggregation.events import CacheFailed
from gateway.sources.declaration import Declaration
from gateway.sources.memory_cache import MemoryCache, NearAndFar
from gateway.sources.redis_cache import (
    FORMAT,
    MAX_ENTRY_BYTES,
    OPERATION_SECONDS,
    RedisCache,
    SharedRedis,
    connect,
)
from gateway.storefront.payloads import (
    Banner,
    BookCard,
    Campaign,
    Price,
    Promotions,
    Recommendation,
    Recommendations,
)
from gateway.storefront.plan import AUTHOR_LIST, BOOK_LIST, HOME
from tests.fakes import Recorder
from tests.integration.sources.asking import SLACK_SECONDS
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port
from tests.misbehaving.wire import send, trickle

PRICE = Price("8.99", "EUR")
VALUES: dict[str, Any] = {
    "promo": Promotions(
        on=date(2026, 11, 20),
        campaign=Campaign("winter", "Winter reads – «é»"),
        banners=(
            Banner("one", "Long nights", "/books/", ends_on=date(2026, 12, 31)),
            Banner("two", "小説", "/books/?tag=winter", "text", "/i.svg", "alt", 20),
        ),
    ),
    "recco": Recommendations(
        items=(Recommendation("9780141439518", "Pride", "Jane", PRICE, "because"),),
        strategy="bought-together",
        member_id="42",
    ),
    "arrivals": (
        BookCard(
            "9780141439518", "Pride", "Jane", "jane", PRICE, 1813, date(2026, 11, 1), "A novel."
        ),
    ),
}


@dataclass
class Shared:
    """A Redis under test: by our cache, by what it reports, and by a way in beside it."""

    url: str
    client: Any
    heard: Recorder

    def cache(self, payload: Any = str, name: str = "thing") -> RedisCache:
        """Return the cache of a source whose values are of the type ``payload``."""
        return RedisCache(name, payload, SharedRedis(self.client, time.time, self.heard))

    @property
    def failures(self) -> list[tuple[str, str]]:
        """What was reported: the operation and the reason of each failure."""
        return [(event.operation, event.reason) for event in self.heard.of(CacheFailed)]


@asynccontextmanager
async def shared(url: str) -> AsyncIterator[Shared]:
    """Give the cache's client for ``url``; it is closed at the end."""
    client = connect(url)
    try:
        yield Shared(url, client, Recorder())
    finally:
        await client.aclose()


@pytest.fixture
def empty_redis(redis_url: str) -> str:
    """The address of a Redis in which nothing lies."""
    with redis.Redis.from_url(redis_url) as beside:
        beside.flushall()
    return redis_url


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


def entry(value: Any = "a value", seconds: float = 60.0) -> Entry:
    """Return an entry of just now that is good for so many seconds."""
    return Entry(value, time.time(), time.time() + seconds)


def _kept() -> dict[str, Declaration]:
    plans = (HOME, BOOK_LIST, AUTHOR_LIST)
    declared = {each.source.name: each.source for plan in plans for each in plan.fragments}
    return {
        name: source
        for name, source in declared.items()
        if isinstance(source, Declaration) and source.fresh is not None
    }


def test_every_source_that_is_kept_has_a_value_here() -> None:
    assert set(VALUES) == set(_kept())


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_comes_back_as_it_was(name: str, empty_redis: str) -> None:
    """Of the same type, down to dates and tuples; the fallback too, should it ever be kept."""
    declared = _kept()[name]
    async with shared(empty_redis) as ours:
        cache = ours.cache(declared.payload, name)
        for value in (VALUES[name], declared.fallback):
            written = entry(value)
            await cache.put("key", written)
            assert await cache.get("key") == written
        assert ours.failures == []


async def test_what_is_not_there_is_none_and_no_failure(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        assert await ours.cache().get("key") is None
        assert ours.failures == []


async def test_an_entry_goes_when_its_time_is_up(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await ours.cache().put("key", entry(seconds=60))
        (key,) = await ours.client.keys("*")
        assert 0 < await ours.client.pttl(key) <= 60_000


async def test_an_entry_that_is_over_is_not_stored(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await ours.cache().put("key", entry(seconds=-1))
        assert await ours.client.dbsize() == 0


async def test_an_entry_that_is_too_large_is_not_stored(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await ours.cache().put("key", entry("x" * (MAX_ENTRY_BYTES + 1)))
        assert await ours.client.dbsize() == 0
        await ours.cache().put("key", entry("x" * (MAX_ENTRY_BYTES - 100)))
        assert await ours.client.dbsize() == 1


async def test_a_redis_that_was_flushed_is_an_empty_one(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        await ours.cache().put("key", entry())
        await ours.client.flushall()
        assert await ours.cache().get("key") is None
        assert ours.failures == []


async def _poisoned(url: str, raw: bytes, payload: Any = str) -> list[tuple[str, str]]:
    async with shared(url) as ours:
        await ours.cache(payload).put("key", entry())
        (key,) = await ours.client.keys("*")
        await ours.client.set(key, raw)
        assert await ours.cache(payload).get("key") is None
        return ours.failures


POISON = {
    "text": b"hello",
    "nothing": b"",
    "json": b'{"value": 1}',
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94.",
    "old shape": msgspec.msgpack.encode([FORMAT, "value"]),
    "wrong type": msgspec.msgpack.encode([FORMAT, 1.0, 2.0, 17]),
    "wrong times": msgspec.msgpack.encode([FORMAT, "now", "later", "value"]),
    "cut short": msgspec.msgpack.encode([FORMAT, 1.0, 2.0, "value"])[:-2],
    "bad UTF-8": b"\x94\x01\xca\x00\x00\x00\x00\xca\x00\x00\x00\x00\xa2\xff\xfe",
    "deep": b"\x91" * 100_000,
    "a list of four thousand million": b"\x94\x01\x01\x02\xdd\xff\xff\xff\xff",
    "text of four thousand million": b"\x94\x01\x01\x02\xdb\xff\xff\xff\xff",
}


@pytest.mark.parametrize("payload", [str, tuple[str, ...], Promotions], ids=str)
@pytest.mark.parametrize("poison", POISON)
async def test_a_poisoned_value_is_none_and_counted(
    poison: str, payload: Any, empty_redis: str
) -> None:
    assert await _poisoned(empty_redis, POISON[poison], payload) == [("get", "unreadable")]


async def test_a_value_of_another_format_is_passed_over(empty_redis: str) -> None:
    """Another release wrote it, and may be right: that is no failure."""
    raw = msgspec.msgpack.encode([FORMAT + 1, time.time(), time.time() + 60, "value"])
    assert await _poisoned(empty_redis, raw) == []


async def test_random_bytes_never_raise(empty_redis: str) -> None:
    random.seed(20)
    good = msgspec.msgpack.encode([FORMAT, 1.0, 2.0, VALUES["promo"]])
    async with shared(empty_redis) as ours:
        cache = ours.cache(Promotions)
        await cache.put("key", entry(VALUES["promo"]))
        (key,) = await ours.client.keys("*")
        for _ in range(300):
            raw = bytearray(good) if random.random() < 0.5 else bytearray(os.urandom(60))
            for _ in range(3):
                raw[random.randrange(len(raw))] = random.randrange(256)
            await ours.client.set(key, bytes(raw))
            found = await cache.get("key")
            assert found is None or isinstance(found.value, Promotions)


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


async def test_what_another_replica_stored_is_near_from_then_on(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        far = ours.cache()
        here, there = NearAndFar(MemoryCache(9), far), NearAndFar(MemoryCache(9), far)
        written = entry()
        await there.put("key", written)
        assert await here.get("key") == written
        await ours.client.flushall()
        assert await here.get("key") == written
