"""The shared cache under test, and a way in beside it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.aggregation.cache import Entry
from gateway.aggregation.events import CacheFailed
from gateway.sources.redis_cache import RedisCache, SharedRedis, connect
from tests.fakes import Recorder


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


def entry(value: Any = "a value", seconds: float = 60.0) -> Entry:
    """Return an entry of just now that is good for so many seconds."""
    return Entry(value, time.time(), time.time() + seconds)
