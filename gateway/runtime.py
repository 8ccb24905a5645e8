"""The one place that builds: transports, pools, caches and the stack around every source.

Everything is made at its first use, in the event loop that runs then: importing connects to
nothing. A page hands over a declaration; what it declares is built once and kept.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import msgspec
from django.conf import settings
from django.db import connections

from gateway.aggregation.background import Background, give_up
from gateway.aggregation.cache import Bounds, Cache
from gateway.aggregation.compose import Composition, Declared, Plan, compose
from gateway.aggregation.events import Listener
from gateway.aggregation.negative import Negatives
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.fault_injection import fault_injection
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.single_flight import single_flight
from gateway.aggregation.policies.storing import Alone, Storing, storing
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.policies.unasked import unasked
from gateway.aggregation.source import Call, Policy, Source, stack
from gateway.aggregation.upstream import Upstream, asked_again, guarded, upstream
from gateway.sources.declaration import Declaration
from gateway.sources.http import Endpoint, http_source
from gateway.sources.memory_cache import MemoryCache, NearAndFar
from gateway.sources.orm import Query, orm_source
from gateway.sources.picture import KEPT_NEAR, Picture, picture_source
from gateway.sources.postgres import Postgres
from gateway.sources.redis_cache import RedisCache, SharedRedis, connect
from gateway.sources.redis_counts import Counts
from gateway.sources.redis_lock import RedisLock
from gateway.sources.switches import Switches
from gateway.sources.transports import build_transport
from gateway.sources.watching import watching
from gateway.telemetry.listeners import listeners

MEMORY_ENTRIES = 1_000
CALLS_PER_SERVICE = 50
"""Below what the transport allows for one host, so that the bulkhead refuses before it does."""

NEGATIVE_SECONDS = 0.5
DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Built:
    """A source as it was declared, and the policies around it, outermost first."""

    declared: Declaration
    policies: tuple[Policy, ...]


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
        self.switches = Switches(self._shared)
        self.counts = Counts("throttle", self._shared)
        self.upstreams: dict[str, Upstream] = {}
        self.built: list[Built] = []
        """All stacks that were built so far, to be read by whoever explains them."""
        self._sources: dict[str, Source] = {}
        self._watching = asyncio.get_running_loop().create_task(self.switches.watch())

    async def compose(self, plan: Plan, call: Call) -> Composition:
        """Compose ``plan``; see ``aggregation.compose.compose``."""
        return await compose(plan, call, self.source, self.emit)

    def source(self, declared: Declared) -> Source:
        """Return the source that is declared, with its stack around it."""
        if declared.name not in self._sources:
            self._sources[declared.name] = self._build(declared)
        return self._sources[declared.name]

    def unkept(self, declared: Declared) -> Source:
        """Return the source that is declared, but past its cache: it is asked every time.

        Breaker, gate and budgets are the upstream's, and so the same.
        """
        name = f"{declared.name} past its cache"
        if name not in self._sources:
            if isinstance(declared, Declaration):
                declared = replace(declared, fresh=None)
            self._sources[name] = self._build(declared)
        return self._sources[name]

    async def close(self) -> None:
        """End what was begun: background work first, then what it used."""
        give_up([self._watching])
        await self.background.drain(DRAIN_SECONDS)
        await self.transport.aclose()
        await self.redis.aclose()
        await self.postgres.close()

    def _build(self, declared: Declared) -> Source:
        match declared:
            case Endpoint() | Picture():
                seconds = getattr(settings, declared.timeout)
                known = self._upstream(declared.service, seconds, CALLS_PER_SERVICE)
                again = asked_again(declared.name, known, seconds, self.emit)
                source = self._over_http(declared)
                return self._stack(declared, source, [*again, *self._guarded(declared, known)])
            case Query():
                seconds = getattr(settings, declared.timeout)
                known = self._upstream("postgres", seconds, settings.POSTGRES_POOL_SIZE)
                source = orm_source(declared, self.postgres)
                inner = self._guarded(declared, known)
                if not _is_kept(declared):
                    # Many who ask Postgres the same at once are one question, kept or not.
                    inner = [single_flight(declared.name, self.emit), *inner]
                return self._stack(declared, source, inner)
            case _:
                raise TypeError(f"No adapter is known for the source {declared!r}.")

    def _over_http(self, declared: Endpoint | Picture) -> Source:
        address = getattr(settings, declared.service)
        if isinstance(declared, Picture):
            return picture_source(declared, address, self.transport)
        watch = watching(declared.name, declared.payload, self.emit)
        return http_source(declared, address, self.transport, watch)

    def _stack(self, declared: Declaration, source: Source, inner: list[Policy]) -> Source:
        """Put around ``source`` what it declares: the formula stands in policies/__init__.py."""
        name = declared.name
        policies: list[Policy] = [observe(name, self.emit)]
        if declared.needs is not None:
            policies.append(unasked(declared.needs, declared.fallback))
        if declared.fallback is not msgspec.UNSET:
            policies.append(fallback(name, declared.fallback, self.emit))
        if declared.fresh is not None:
            policies += self._kept(declared, getattr(settings, declared.fresh))
        self.built.append(Built(declared, (*policies, *inner)))
        return stack(source, *self.built[-1].policies)

    def _kept(self, declared: Declaration, fresh_seconds: float) -> list[Policy]:
        """Return the policies that keep replies; none of them where a source is never kept."""
        name = declared.name
        purged_at = partial(self.switches.purged_at, name)
        stale_seconds = 0.0 if declared.private else settings.STALE_SECONDS
        bounds = Bounds(fresh_seconds, stale_seconds, purged_at)
        cache = self._cache(declared, bounds)
        keeping = Keeping(cache, bounds, time.time, self.background.spawn)
        lock = Alone() if declared.private else RedisLock(name, self._shared)
        store = Storing(keeping, lock, Negatives(NEGATIVE_SECONDS))
        if not _is_kept(declared):
            return [storing(name, store, self.emit)]
        return [
            caching(name, keeping, self.emit),
            single_flight(name, self.emit),
            storing(name, store, self.emit),
        ]

    def _guarded(self, declared: Declaration, known: Upstream) -> list[Policy]:
        name = declared.name
        return [
            *guarded(name, known, self.emit),
            timeout(name, getattr(settings, declared.timeout)),
            fault_injection(name, partial(self.switches.fault, name), known.random, self.emit),
        ]

    def _upstream(self, name: str, timeout_seconds: float, most_calls: int) -> Upstream:
        """Return what is known of an upstream: one for all the sources that are asked of it."""
        if name not in self.upstreams:
            self.upstreams[name] = upstream(name, timeout_seconds, most_calls)
        return self.upstreams[name]

    def _cache(self, declared: Declaration, bounds: Bounds) -> Cache:
        if declared.private:
            return MemoryCache(MEMORY_ENTRIES)
        shared = RedisCache(declared.name, declared.payload, self._shared)
        near = KEPT_NEAR if isinstance(declared, Picture) else MEMORY_ENTRIES
        return NearAndFar(MemoryCache(near), shared, time.time, bounds)


def _is_kept(declared: Declaration) -> bool:
    """Whether replies are kept: then the stack has a single flight of its own already."""
    return declared.fresh is not None and getattr(settings, declared.fresh) > 0


def _postgres_parameters() -> dict[str, Any]:
    """Return what Django would connect with; its own adapters and cursors stay with it."""
    parameters = dict(connections["default"].get_connection_params())
    for its_own in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(its_own, None)
    return parameters


_runtimes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime]" = WeakKeyDictionary()
build: Callable[[], Runtime] = Runtime
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
