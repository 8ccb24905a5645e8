"""The one place that builds: transports, pools, caches and the stack around every source.

Everything is made at its first use, in the event loop that runs then: importing connects to
nothing. A page hands over a declaration; what it declares is built once and kept.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import msgspec
from django.conf import settings
from django.db import connections

from gateway.aggregation.background import Background
from gateway.aggregation.cache import Cache
from gateway.aggregation.compose import Composition, Declared, Plan, compose
from gateway.aggregation.events import Listener
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Call, Policy, Source, stack
from gateway.sources.declaration import Declaration
from gateway.sources.http import Endpoint, http_source
from gateway.sources.memory_cache import MemoryCache, NearAndFar
from gateway.sources.orm import Query, orm_source
from gateway.sources.postgres import Postgres
from gateway.sources.redis_cache import RedisCache, SharedRedis, connect
from gateway.sources.transports import build_transport
from gateway.telemetry.listeners import listeners

MEMORY_ENTRIES = 1_000
DRAIN_SECONDS = 2.0


class Runtime:
    """What one event loop needs to ask sources: built piece by piece, closed as a whole.

    ``transport`` may be given, to speak to services that are not behind a socket.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None = None, emit: Listener | None = None
    ) -> None:
        self.emit = emit or listeners()
        self.transport = transport or build_transport(settings.HTTP_TRANSPORT)
        self.postgres = Postgres(_postgres_parameters(), settings.POSTGRES_POOL_SIZE)
        self.redis = connect(settings.REDIS_URL)
        self.background = Background()
        self._shared = SharedRedis(self.redis, time.time, self.emit)
        self._sources: dict[str, Source] = {}

    async def compose(self, plan: Plan, call: Call) -> Composition:
        """Compose ``plan``; see ``aggregation.compose.compose``."""
        return await compose(plan, call, self.source, self.emit)

    def source(self, declared: Declared) -> Source:
        """Return the source that is declared, with its stack around it."""
        if declared.name not in self._sources:
            self._sources[declared.name] = self._build(declared)
        return self._sources[declared.name]

    async def close(self) -> None:
        """End what was begun: background work first, then what it used."""
        await self.background.drain(DRAIN_SECONDS)
        await self.transport.aclose()
        await self.redis.aclose()
        await self.postgres.close()

    def _build(self, declared: Declared) -> Source:
        match declared:
            case Endpoint():
                address = getattr(settings, declared.service)
                return self._stack(declared, http_source(declared, address, self.transport))
            case Query():
                return self._stack(declared, orm_source(declared, self.postgres))
            case _:
                raise TypeError(f"No adapter is known for the source {declared!r}.")

    def _stack(self, declared: Declaration, source: Source) -> Source:
        """Put around ``source`` what it declares: the formula stands in policies/__init__.py."""
        name = declared.name
        policies: list[Policy] = [observe(name, self.emit)]
        if declared.fallback is not msgspec.UNSET:
            policies.append(fallback(name, declared.fallback, self.emit))
        if declared.fresh is not None:
            keeping = Keeping(self._cache(declared), time.time, self.background.spawn)
            policies.append(caching(name, getattr(settings, declared.fresh), keeping, self.emit))
        policies.append(timeout(name, getattr(settings, declared.timeout)))
        return stack(source, *policies)

    def _cache(self, declared: Declaration) -> Cache:
        shared = RedisCache(declared.name, declared.payload, self._shared)
        return NearAndFar(MemoryCache(MEMORY_ENTRIES), shared)


def _postgres_parameters() -> dict[str, Any]:
    """Return what Django would connect with; its own adapters and cursors stay with it."""
    parameters = dict(connections["default"].get_connection_params())
    for its_own in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(its_own, None)
    return parameters


_runtimes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime]" = WeakKeyDictionary()
build: Callable[[], Runtime] = partial(Runtime)
"""What makes a runtime; a test puts one of its own here."""


def runtime() -> Runtime:
    """Return the runtime of the running event loop; the first call builds it."""
    loop = asyncio.get_running_loop()
    if loop not in _runtimes:
        _runtimes[loop] = build()
    return _runtimes[loop]


async def close_runtime() -> None:
    """Close the runtime of the running event loop, if there is one."""
    if (ours := _runtimes.pop(asyncio.get_running_loop(), None)) is not None:
        await ours.close()
