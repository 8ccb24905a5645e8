"""caching: what a source said lately need not be asked again, and is better than nothing later."""

import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.aggregation.cache import (
    Bounds,
    Cache,
    Entry,
    WallClock,
    Worth,
    fresh_left,
    key_for,
    worth,
)
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceCrashed, SourceError
from gateway.aggregation.events import (
    CacheHit,
    CacheMissed,
    Listener,
    RefreshBegun,
    StaleServed,
)
from gateway.aggregation.layers import layer
from gateway.aggregation.record import step
from gateway.aggregation.source import REVALIDATING, Call, Policy, Reply, Source, State

Spawn = Callable[[Coroutine[Any, Any, None]], bool]
REFRESH_SECONDS = 2.0
"""How long a refresh may take that no visitor waits for."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where replies are kept, within which bounds, by which clock, and who works beside pages.

    ``luck`` draws evenly from ]0, 1].
    """

    cache: Cache
    bounds: Bounds
    wall: WallClock
    spawn: Spawn
    luck: Callable[[], float] = lambda: 1.0 - random.random()  # noqa: S311 - no secret


@layer
def caching(name: str, keeping: Keeping, emit: Listener) -> Policy:
    """Return a policy that answers from the cache as far as entries are worth it.

    It only reads; ``storing`` further in writes. A fresh entry answers; one near its end answers
    and is refreshed beside the page; one past its end answers where the source fails. Where the
    bounds allow nothing to be fresh, the policy is off.
    """
    if keeping.bounds.fresh <= 0:
        return lambda source: source
    return lambda source: _Cached(name, keeping, emit, source)


class _Cached:
    def __init__(self, name: str, keeping: Keeping, emit: Listener, source: Source) -> None:
        self._name = name
        self._keeping = keeping
        self._emit = emit
        self._source = source
        self._refreshing: set[str] = set()

    def at_once(self, call: Call) -> Reply | None:
        """Return the reply that lies near and is fresh; None where more has to be done."""
        key = key_for(self._name, call.args)
        entry = self._keeping.cache.at_once(key)
        if entry is None:
            return None
        now = self._keeping.wall()
        match worth(entry, now, self._keeping.bounds, self._keeping.luck()):
            case Worth.FRESH:
                return self._hit(entry, now)
            case Worth.EARLY:
                self._refresh(key, call)
                return self._hit(entry, now)
        return None

    async def __call__(self, call: Call) -> Reply:
        key = key_for(self._name, call.args)
        with step("cache", self._name):
            entry = await self._keeping.cache.get(key)
        if entry is None:
            self._emit(CacheMissed(self._name))
            return await self._source(call)
        now = self._keeping.wall()
        match worth(entry, now, self._keeping.bounds, self._keeping.luck()):
            case Worth.FRESH:
                return self._hit(entry, now)
            case Worth.EARLY:
                self._refresh(key, call)
                return self._hit(entry, now)
            case Worth.REVALIDATE:
                self._refresh(key, call)
                return self._stale(entry, now, REVALIDATING)
            case Worth.STALE:
                return await self._or_stale(entry, now, call)
            case Worth.EXPIRED:
                self._emit(CacheMissed(self._name))
                return await self._source(call)

    async def _or_stale(self, entry: Entry, now: float, call: Call) -> Reply:
        self._emit(CacheMissed(self._name))
        try:
            return await self._source(call)
        except SourceCrashed:
            raise
        except SourceError as error:
            return self._stale(entry, now, error.reason)

    def _hit(self, entry: Entry, now: float) -> Reply:
        age = now - entry.stored_at
        self._emit(CacheHit(self._name, age))
        left = fresh_left(entry, now, self._keeping.bounds)
        return Reply(entry.value, State.FRESH, age, left)

    def _stale(self, entry: Entry, now: float, reason: str) -> Reply:
        age = now - entry.stored_at
        self._emit(StaleServed(self._name, reason, age))
        return Reply(entry.value, State.STALE, age, 0.0, reason)

    def _refresh(self, key: str, call: Call) -> None:
        """Ask the source again, for whoever comes next; once at a time for a key."""
        if key not in self._refreshing and self._keeping.spawn(self._refreshed(key, call)):
            self._refreshing.add(key)
            self._emit(RefreshBegun(self._name))

    async def _refreshed(self, key: str, call: Call) -> None:
        deadline = Deadline.after(REFRESH_SECONDS, call.deadline.clock)
        # A failure was told by the policies further in, and the entry stays what it is worth.
        try:
            with suppress(SourceError):
                await self._source(call.due(deadline))
        finally:
            self._refreshing.discard(key)
