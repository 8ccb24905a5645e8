"""The cache in this process: bounded, and in front of the one that all share."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.cache import Bounds, Entry
from gateway.sources.memory_cache import MemoryCache, NearAndFar
from tests.fakes import MemoryFake, VirtualClock
from tests.unit.sources.running import run

BOUNDS = Bounds(60.0, 3600.0, lambda: -1e9)


def entry(value: object, stored_at: float = 0.0) -> Entry:
    return Entry(value, stored_at, stored_at + 60.0)


def wall() -> float:
    """At a time when what was stored at 0 is fresh, and what was stored before -60 no longer."""
    return 0.0


async def test_what_was_put_is_there() -> None:
    cache = MemoryCache(2)
    assert await cache.get("a") is None
    await cache.put("a", entry(1))
    await cache.put("a", entry(2))
    assert await cache.get("a") == entry(2)


async def test_the_one_that_was_not_used_for_longest_goes_first() -> None:
    cache = MemoryCache(2)
    for key in ("a", "b"):
        await cache.put(key, entry(key))
    await cache.get("a")
    await cache.put("c", entry("c"))
    assert await cache.get("b") is None
    assert await cache.get("a") == entry("a")


@given(st.lists(st.text(max_size=3), max_size=60), st.integers(1, 8))
def test_there_are_never_more_than_its_size(keys: list[str], size: int) -> None:
    async def fill() -> int:
        cache = MemoryCache(size)
        for key in keys:
            await cache.put(key, entry(key))
        return sum([await cache.get(key) is not None for key in set(keys)])

    assert run(fill()) == min(size, len(set(keys)))


async def test_what_is_near_is_not_asked_from_afar() -> None:
    near, far = MemoryFake({"a": entry("near")}), MemoryFake({"a": entry("far")})
    assert await NearAndFar(near, far, wall, BOUNDS).get("a") == entry("near")
    assert far.gets == []


async def test_what_is_only_far_is_near_afterwards() -> None:
    near, far = MemoryFake(), MemoryFake({"a": entry("far")})
    both = NearAndFar(near, far, wall, BOUNDS)
    assert await both.get("a") == entry("far")
    assert near.entries == {"a": entry("far")}
    assert await both.get("a") == entry("far")
    assert far.gets == ["a"]


async def test_what_is_over_near_by_may_have_a_successor_afar() -> None:
    near, far = MemoryFake({"a": entry("old", -99.0)}), MemoryFake({"a": entry("new")})
    assert await NearAndFar(near, far, wall, BOUNDS).get("a") == entry("new")
    assert near.entries == {"a": entry("new")}


async def test_what_is_over_near_by_is_given_where_nothing_newer_is_afar() -> None:
    old = entry("old", -99.0)
    for far in (MemoryFake(), MemoryFake({"a": entry("older", -100.0)})):
        assert await NearAndFar(MemoryFake({"a": old}), far, wall, BOUNDS).get("a") == old


async def test_what_was_purged_near_by_does_not_hide_what_another_gateway_was_told_since() -> None:
    near, far = MemoryFake({"a": entry("old", -9.0)}), MemoryFake({"a": entry("new")})
    purged = Bounds(60.0, 3600.0, lambda: -5.0)
    assert await NearAndFar(near, far, wall, purged).get("a") == entry("new")


async def test_an_entry_near_by_is_fresh_by_todays_bounds_and_not_by_its_own() -> None:
    """A gateway with other settings may have written it."""
    near, far = MemoryFake({"a": entry("old", -9.0)}), MemoryFake({"a": entry("new")})
    today = Bounds(5.0, 3600.0, lambda: -1e9)
    assert await NearAndFar(near, far, wall, today).get("a") == entry("new")


async def test_what_is_nowhere_is_none_and_nothing_is_stored() -> None:
    near, far = MemoryFake(), MemoryFake()
    assert await NearAndFar(near, far, wall, BOUNDS).get("a") is None
    assert near.puts == []


async def test_what_is_put_is_in_both_the_near_one_first() -> None:
    near, far = MemoryFake(), MemoryFake()
    await NearAndFar(near, far, wall, BOUNDS).put("a", entry(1))
    assert near.entries == far.entries == {"a": entry(1)}


async def test_a_far_cache_that_fails_takes_nothing_from_the_near_one() -> None:
    both = NearAndFar(MemoryFake(), MemoryFake(failing=True), wall, BOUNDS)
    await both.put("a", entry(1))
    assert await both.get("a") == entry(1)


# ---- a crowd


async def test_a_crowd_that_wants_the_same_key_looks_afar_once(clock: VirtualClock) -> None:
    far = MemoryFake({"a": entry("far")}, get_delay_seconds=0.05)
    both = NearAndFar(MemoryCache(9), far, wall, BOUNDS)
    found = await asyncio.gather(*(both.get("a") for _ in range(200)))
    assert found == [entry("far")] * 200
    assert far.gets == ["a"]


async def test_who_comes_after_a_look_has_ended_looks_again(clock: VirtualClock) -> None:
    far = MemoryFake()
    both = NearAndFar(MemoryCache(9), far, wall, BOUNDS)
    assert await both.get("a") is None
    far.entries["a"] = entry("new")
    assert await both.get("a") == entry("new")


async def test_who_leaves_takes_nobodys_look_along(clock: VirtualClock) -> None:
    far = MemoryFake({"a": entry("far")}, get_delay_seconds=0.05)
    both = NearAndFar(MemoryCache(9), far, wall, BOUNDS)
    first, second = (asyncio.ensure_future(both.get("a")) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await second == entry("far")
    assert first.cancelled()
