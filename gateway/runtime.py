"""The one place that builds: transports, pools, caches and the stack around every source.

Everything is made at its first use, in the event loop that runs then: importing connects to
nothing. A page hands over a declaration; what it declares is built once and kept.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import msgspec
from django.conf import settings
from django.db import connections

from gateway.aggregation.background import Background, give_up, let_go
from gateway.aggregation.cache import Bounds, Cache
from gateway.aggregation.compose import Composition, Declared, Plan, compose, compose_at_hand
from gateway.aggregation.events import Event, Listener
from gateway.aggregation.negative import Negatives
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.fault_injection import fault_injection
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.single_flight import single_flight
from gateway.aggregation.policies.storing import Alone, Storing, storing
from gateway.aggregation.policies.switched_off import switched_off
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.policies.unasked import unasked
from gateway.aggregation.record import step
from gateway.aggregation.source import Call, Policy, Source, stack
from gateway.aggregation.stream import Progress, stream
from gateway.aggregation.upstream import Upstream, asked_again, expect, guarded, upstream
from gateway.sources.attempts import attempted
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
from gateway.telemetry.traces import end_tracing

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


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a stack staff can change while it runs: seconds, and whether it is off at all."""

    timeout: float
    fresh: float | None
    stale: float
    off: bool


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
        self.beside = Postgres(_postgres_parameters(), 1)
        """For what must be known when the pages wait for connections in vain: it is no part of
        their pool."""
        self.switches = Switches(self._shared, self.beside, self._renew)
        self.counts = Counts("throttle", self._shared)
        self.upstreams: dict[str, Upstream] = {}
        self.built: list[Built] = []
        """All stacks that were built so far, to be read by whoever explains them."""
        self._sources: dict[str, Source] = {}
        self._terms: dict[str, tuple[Declaration, Terms]] = {}
        self.near: dict[str, MemoryCache] = {}
        """What this process keeps of each source by itself."""
        self._paces: dict[str, str] = {}
        self._beside_pages: list[asyncio.Task[None]] = []
        self.keep_up(self.switches.watch())

    async def compose(self, plan: Plan, call: Call) -> Composition:
        """Compose ``plan``; see ``aggregation.compose.compose``."""
        with step("plan", plan.name):
            return await compose(plan, call, self.source, self.emit)

    def compose_at_hand(self, plan: Plan, call: Call) -> Composition | None:
        """Compose ``plan`` at once; see ``aggregation.compose.compose_at_hand``."""
        return compose_at_hand(plan, call, self.source, self.emit)

    def stream(
        self, plan: Plan, call: Call, patience_seconds: float
    ) -> AsyncGenerator[Progress, None]:
        """Compose ``plan`` as it comes; see ``aggregation.stream.stream``.

        What is reported at the end is reported with the log's context of the beginning, which has
        the request's name: that is taken away as soon as the head of the answer is there.
        """
        beginning = copy_context()

        def report(event: Event) -> None:
            beginning.run(self.emit, event)

        return stream(plan, call, self.source, report, patience_seconds)

    def source(self, declared: Declared) -> Source:
        """Return the source that is declared, with its stack around it."""
        if declared.name not in self._sources:
            self._put_up(declared.name, declared)
        return self._sources[declared.name]

    def unkept(self, declared: Declared) -> Source:
        """Return the source that is declared, but past its cache: it is asked every time.

        Breaker, gate and budgets are the upstream's, and so the same.
        """
        name = f"{declared.name} past its cache"
        if name not in self._sources:
            if isinstance(declared, Declaration):
                declared = replace(declared, fresh=None)
            self._put_up(name, declared)
        return self._sources[name]

    def _put_up(self, name: str, declared: Declared) -> None:
        self._sources[name] = self._build(declared)
        if isinstance(declared, Declaration):
            self._terms[name] = declared, self._terms_of(declared)

    def keep_up(self, work: Coroutine[Any, Any, None]) -> None:
        """Let ``work``, which has no end of its own, go on for as long as this runtime does."""
        # In a context of its own: it is nothing that is done for the request that came first.
        loop = asyncio.get_running_loop()
        self._beside_pages.append(loop.create_task(work, context=Context()))

    def give_up_watching(self) -> None:
        """End what ``keep_up`` began: for whoever only explains, and for the end."""
        give_up(self._beside_pages)
        self._beside_pages.clear()

    def _renew(self) -> None:
        """Forget the stacks that were built on other terms than today's: the next call builds anew.

        What is under way ends in its old stack. Breaker, gate and what is kept near stay; how long
        calls take is learned again, for it was learned under the old terms.
        """
        for name, (declared, terms) in list(self._terms.items()):
            if terms != self._terms_of(declared):
                del self._sources[name], self._terms[name]
                self.built = [each for each in self.built if each.declared is not declared]

    def _terms_of(self, declared: Declaration) -> "Terms":
        kept = None if declared.fresh is None else self._fresh(declared)
        seconds, switches = self.switches.seconds, self.switches
        return Terms(
            seconds(declared.timeout), kept, seconds("STALE_SECONDS"), switches.off(declared.name)
        )

    def _fresh(self, declared: Declaration) -> float:
        """Return for how many seconds replies are kept; 0 where they never are."""
        return 0.0 if declared.fresh is None else self.switches.seconds(declared.fresh)

    async def close(self) -> None:
        """End what was begun: background work first, then what it used."""
        self.give_up_watching()
        await self.switches.rest()
        await self.background.drain(DRAIN_SECONDS)
        await let_go()
        await self.transport.aclose()
        await self.redis.aclose()
        await self.postgres.close()
        await self.beside.close()

    def _build(self, declared: Declared) -> Source:
        match declared:
            case Endpoint() | Picture():
                seconds = self.switches.seconds(declared.timeout)
                known = self._upstream(declared.service, declared.timeout, CALLS_PER_SERVICE)
                again = asked_again(declared.name, known, seconds, self.emit)
                source = attempted("http", declared.name, self._over_http(declared))
                return self._stack(declared, source, [*again, *self._guarded(declared, known)])
            case Query():
                pool = settings.POSTGRES_POOL_SIZE
                known = self._upstream("postgres", declared.timeout, pool)
                source = attempted("sql", declared.name, orm_source(declared, self.postgres))
                inner = self._guarded(declared, known)
                if self._fresh(declared) <= 0:
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
        if self.switches.off(name):
            policies.append(switched_off(name))
        if declared.fresh is not None:
            policies += self._kept(declared)
        self.built.append(Built(declared, (*policies, *inner)))
        return stack(source, *self.built[-1].policies)

    def _kept(self, declared: Declaration) -> list[Policy]:
        """Return the policies that keep replies; none of them where a source is never kept."""
        name = declared.name
        purged_at = partial(self.switches.purged_at, name)
        fresh = self._fresh(declared)
        stale = 0.0 if declared.private else self.switches.seconds("STALE_SECONDS")
        bounds = Bounds(fresh, stale, purged_at)
        cache = self._cache(declared, bounds)
        keeping = Keeping(cache, bounds, time.time, self.background.spawn)
        lock = Alone() if declared.private else RedisLock(name, self._shared)
        store = Storing(keeping, lock, Negatives(NEGATIVE_SECONDS))
        if fresh <= 0:
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
            timeout(name, self.switches.seconds(declared.timeout)),
            fault_injection(name, partial(self.switches.fault, name), known.random, self.emit),
        ]

    def _upstream(self, name: str, timeout: str, most_calls: int) -> Upstream:
        """Return what is known of an upstream: one for all the sources that are asked of it.

        The setting ``timeout`` of the first of them says which of its calls are slow.
        """
        if name not in self.upstreams:
            self._paces[name] = timeout
            self.upstreams[name] = upstream(name, self.switches.seconds(timeout), most_calls)
        elif self._paces[name] == timeout:
            expect(self.upstreams[name], self.switches.seconds(timeout))
        return self.upstreams[name]

    def _cache(self, declared: Declaration, bounds: Bounds) -> Cache:
        if declared.name not in self.near:
            size = KEPT_NEAR if isinstance(declared, Picture) else MEMORY_ENTRIES
            self.near[declared.name] = MemoryCache(size)
        if declared.private:
            return self.near[declared.name]
        shared = RedisCache(declared.name, declared.payload, self._shared)
        return NearAndFar(self.near[declared.name], shared, time.time, bounds)


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
    if (ours := _runtimes.get(loop)) is None:
        ours = _runtimes[loop] = build()
    return ours


async def close_runtime() -> None:
    """Close the runtime of the running event loop, if there is one."""
    if (ours := _runtimes.pop(asyncio.get_running_loop(), None)) is not None:
        await ours.close()
    end_tracing()
