"""The nearest cache: in this process, bounded, gone when it ends."""

from cachetools import LRUCache

from gateway.aggregation.cache import Cache, Entry


class MemoryCache:
    """At most ``size`` entries; the one that was not used for longest goes first."""

    def __init__(self, size: int) -> None:
        self._entries: LRUCache[str, Entry] = LRUCache(size)

    async def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or None."""
        return self._entries.get(key)

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` under ``key``."""
        self._entries[key] = entry


class NearAndFar:
    """A near cache in front of a far one: what the far one has is kept near as well."""

    def __init__(self, near: Cache, far: Cache) -> None:
        self._near = near
        self._far = far

    async def get(self, key: str) -> Entry | None:
        """Return the entry from the nearer cache that has one."""
        entry = await self._near.get(key)
        if entry is None and (entry := await self._far.get(key)) is not None:
            await self._near.put(key, entry)
        return entry

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` in both."""
        await self._near.put(key, entry)
        await self._far.put(key, entry)
