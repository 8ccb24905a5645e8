"""The shared cache on a real Redis: what goes in comes out, and what it cannot do it says."""

import os
import random
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from gateway.aggregation.cache import Bounds
from gateway.sources.declaration import Declaration
from gateway.sources.memory_cache import MemoryCache, NearAndFar
from gateway.sources.redis_cache import FORMAT, MAX_ENTRY_BYTES
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
from tests.integration.sources.caches import entry, shared

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


def _kept() -> dict[str, Declaration]:
    plans = (HOME, BOOK_LIST, AUTHOR_LIST)
    declared = {each.source.name: each.source for plan in plans for each in plan.fragments}
    return {
        name: source
        for name, source in declared.items()
        if isinstance(source, Declaration) and source.fresh is not None and not source.private
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
        (key,) = await ours.client.keys("page:*")  # a shop of other tests may tell of itself here
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


Poison = bytes | Callable[[list[Any]], Any]


async def _poisoned(url: str, poison: Poison, payload: Any = str) -> list[tuple[str, str]]:
    """Return what is reported when another value lies there: given, or made from the good one."""
    async with shared(url) as ours:
        await ours.cache(payload).put("key", entry())
        (key,) = await ours.client.keys("page:*")  # a shop of other tests may tell of itself here
        if not isinstance(poison, bytes):
            good = msgspec.msgpack.decode(await ours.client.get(key))
            poison = msgspec.msgpack.encode(poison(good))
        await ours.client.set(key, poison)
        assert await ours.cache(payload).get("key") is None
        return ours.failures


POISON: dict[str, Poison] = {
    "text": b"hello",
    "json": b'{"value": 1}',
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94.",
    "old shape": lambda good: [good[0], good[-1]],
    "another shape": lambda good: dict(enumerate(good)),
    "wrong type": lambda good: [*good[:-1], 17],
    "wrong times": lambda good: [good[0], "now", *good[2:]],
    "cut short": lambda good: good[:-1],
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


async def test_an_empty_value_is_none_like_one_that_is_not_there(empty_redis: str) -> None:
    assert await _poisoned(empty_redis, b"") == []


async def test_a_value_of_another_format_is_passed_over(empty_redis: str) -> None:
    """Another release wrote it, and may be right: that is no failure."""
    assert await _poisoned(empty_redis, lambda good: [FORMAT + 1, *good[1:]]) == []


async def test_random_bytes_never_raise(empty_redis: str) -> None:
    random.seed(20)
    async with shared(empty_redis) as ours:
        cache = ours.cache(Promotions)
        await cache.put("key", entry(VALUES["promo"]))
        (key,) = await ours.client.keys("page:*")  # a shop of other tests may tell of itself here
        good = await ours.client.get(key)
        for _ in range(300):
            raw = bytearray(good) if random.random() < 0.5 else bytearray(os.urandom(60))
            for _ in range(3):
                raw[random.randrange(len(raw))] = random.randrange(256)
            await ours.client.set(key, bytes(raw))
            found = await cache.get("key")
            assert found is None or isinstance(found.value, Promotions)


async def test_what_another_replica_stored_is_near_from_then_on(empty_redis: str) -> None:
    async with shared(empty_redis) as ours:
        far = ours.cache()
        here, there = (NearAndFar(MemoryCache(9), far, time.time, Bounds(60, 60)) for _ in range(2))
        written = entry()
        await there.put("key", written)
        assert await here.get("key") == written
        await ours.client.flushall()
        assert await here.get("key") == written
