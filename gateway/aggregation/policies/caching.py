"""caching: what a source said lately need not be asked again."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from gateway.aggregation.cache import (
    Cache,
    Entry,
    Freshness,
    WallClock,
    fresh_seconds,
    freshness,
    key_for,
)
from gateway.aggregation.events import CacheHit, CacheMissed, Listener
from gateway.aggregation.source import Call, Policy, Reply, Source, State

Spawn = Callable[[Coroutine[Any, Any, None]], bool]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where replies are kept, by which clock, and who stores them while the page goes on."""

    cache: Cache
    wall: WallClock
    spawn: Spawn


def caching(name: str, seconds: float, keeping: Keeping, emit: Listener) -> Policy:
    """Return a policy that answers from the cache while an entry is fresh: ``seconds`` at most.

    A reply in hand is passed on at once and stored beside that, so that a slow cache costs the
    page nothing. Zero seconds switch the policy off.
    """

    def policy(source: Source) -> Source:
        async def cached(call: Call) -> Reply:
            key = key_for(name, call.args)
            entry = await keeping.cache.get(key)
            now = keeping.wall()
            if entry is not None and freshness(entry, now, seconds) is Freshness.FRESH:
                emit(CacheHit(name, now - entry.stored_at))
                return _from(entry, now, seconds)
            emit(CacheMissed(name))
            reply = await source(call)
            lifetime = fresh_seconds(seconds, reply.lifetime)
            if lifetime > 0 and reply.state is State.LIVE:
                said_at = keeping.wall()
                kept = Entry(reply.value, said_at, said_at + lifetime)
                keeping.spawn(keeping.cache.put(key, kept))
            return replace(reply, lifetime=lifetime)

        return cached

    return policy if seconds > 0 else _uncached


def _from(entry: Entry, now: float, seconds: float) -> Reply:
    age = now - entry.stored_at
    return Reply(entry.value, State.FRESH, age, min(entry.fresh_until - now, seconds - age))


def _uncached(source: Source) -> Source:
    async def passed(call: Call) -> Reply:
        return replace(await source(call), lifetime=0.0)

    return passed
