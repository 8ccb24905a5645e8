"""The nearest cache: in this process, bounded, gone when it ends."""

import asyncio

from cachetools import LRUCache

from gateway.aggregation.cache import Bounds, Cache, Entry, WallClock, Worth, worth


class MemoryCache:
    """At most ``size`` entries; the one that was not used for longest goes first."""

    def __init__(self, size: int) -> None:
        self._entries: LRUCache[str, Entry] = LRUCache(size)

    async def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or None."""
        return self._entries.get(key)

    def at_once(self, key: str) -> Entry | None:
        """Return the same, without waiting."""
        return self._entries.get(key)

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` under ``key``."""
        self._entries[key] = entry


class NearAndFar:
    """A near cache in front of a far one: what the far one has is kept near as well.

    One near that is past its freshness, or was purged, may have a successor in the far one, from
    another gateway: only what is fresh within ``bounds`` is taken without a look there.
    """

    def __init__(self, near: Cache, far: Cache, wall: WallClock, bounds: Bounds) -> None:
        self._near = near
        self._far = far
        self._wall = wall
        self._bounds = bounds
        self._looks: dict[str, asyncio.Task[Entry | None]] = {}

    def at_once(self, key: str) -> Entry | None:
        """Return the entry that is near, if it is fresh: nobody has a better one."""
        near = self._near.at_once(key)
        if near and worth(near, self._wall(), self._bounds, 1.0) is Worth.FRESH:
            return near
        return None

    async def get(self, key: str) -> Entry | None:
        """Return the entry from the nearer cache that has a fresh one, or the newest there is."""
        if fresh := self.at_once(key):
            return fresh
        near = await self._near.get(key)
        far = await self._look(key)
        if far is None or (near is not None and near.stored_at >= far.stored_at):
            return near
        await self._near.put(key, far)
        return far

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` in both."""
        await self._near.put(key, entry)
        await self._far.put(key, entry)

    async def _look(self, key: str) -> Entry | None:
        """Look into the far cache, once for all who want the same key at this moment.

        A crowd that looked one by one would keep each other waiting until none had an answer. The
        look belongs to nobody, and ends by itself: a cache bounds its own time.
        """
        if (look := self._looks.get(key)) is None:
            look = self._looks[key] = asyncio.ensure_future(self._far.get(key))
            look.add_done_callback(lambda _: self._looks.pop(key, None))
        return await asyncio.shield(look)
