"""Gateways with a cache each, and what a fleet of them shares, with all parts at hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from gateway.aggregation.background import Background
from gateway.aggregation.cache import Bounds, Entry
from gateway.aggregation.events import Listener
from gateway.aggregation.negative import Negatives
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.single_flight import single_flight
from gateway.aggregation.policies.storing import Storing, storing
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Call, Policy, Reply, Source, stack
from tests.fakes import FOREVER, FakeSource, MemoryFake, Recorder, VirtualClock
from tests.unit.engine.pages import call_in

FRESH_SECONDS = 30.0
STALE_SECONDS = 60.0
NEGATIVE_SECONDS = 0.5
POLICIES = ("caching", "single_flight", "storing")
_names = count()


@dataclass
class Locks:
    """What a fleet's locks lie in: who holds which key, and until when (monotonic)."""

    clock: VirtualClock
    held: dict[str, tuple[str, float]] = field(default_factory=dict)

    def take(self, key: str, owner: str, seconds: float) -> bool:
        """Whether ``owner`` has the key now and had it not before."""
        if self.clock.time() < self.held.get(key, ("", 0.0))[1]:
            return False
        self.held[key] = (owner, self.clock.time() + seconds)
        return True

    def give(self, key: str, owner: str) -> None:
        """Free the key, if ``owner`` has it."""
        if self.held.get(key, ("", 0.0))[0] == owner:
            del self.held[key]


@dataclass
class LockFake:
    """One gateway's side of the locks. A ``broken`` one lets everybody ask."""

    locks: Locks
    owner: str = field(default_factory=lambda: f"gateway-{next(_names)}")
    broken: bool = False
    delay_seconds: float = 0.0
    acquired: list[tuple[str, float]] = field(default_factory=list, init=False)
    released: list[str] = field(default_factory=list, init=False)

    async def acquire(self, key: str, seconds: float) -> bool:
        """Take the key, and then be slow to say so: as a network is."""
        taken = self.broken or self.locks.take(key, self.owner, seconds)
        if taken:
            self.acquired.append((key, seconds))
        await asyncio.sleep(self.delay_seconds)
        return taken

    async def release(self, key: str) -> None:
        """Free the key, if it is ours."""
        self.released.append(key)
        self.locks.give(key, self.owner)


@dataclass
class Kept:
    """``caching( single_flight( storing( source )))`` in one gateway, with all its parts at hand.

    Any part may be replaced before the first ``ask``, and looked at afterwards.
    """

    clock: VirtualClock
    inner: Source = field(default_factory=lambda: FakeSource("said"))
    cache: MemoryFake = field(default_factory=MemoryFake)
    told: Recorder = field(default_factory=Recorder)
    emit: Listener | None = None
    """Who listens instead of ``told``."""
    background: Background = field(default_factory=Background)
    fresh_seconds: float = FRESH_SECONDS
    stale_seconds: float = STALE_SECONDS
    purged_at: float = 0.0
    luck: float = 1.0
    """Of all draws the one that never refreshes early."""
    policies: tuple[str, ...] = POLICIES
    lock: LockFake = field(init=False)

    def __post_init__(self) -> None:
        self.lock = LockFake(Locks(self.clock))
        self.negatives = Negatives(NEGATIVE_SECONDS)
        self._source: Source | None = None

    @property
    def source(self) -> Source:
        """The source with the policies around it; built once, as in a gateway."""
        if self._source is None:
            self._source = stack(self.inner, *self._made())
        return self._source

    def _made(self) -> list[Policy]:
        bounds = Bounds(self.fresh_seconds, self.stale_seconds, lambda: self.purged_at)
        keeping = Keeping(
            self.cache, bounds, self.clock.wall, self.background.spawn, lambda: self.luck
        )
        emit = self.emit or self.told
        store = Storing(keeping, self.lock, self.negatives)
        made: dict[str, Callable[[], Policy]] = {
            "observe": lambda: observe("promo", emit),
            "fallback": lambda: fallback("promo", "instead", emit),
            "caching": lambda: caching("promo", keeping, emit),
            "single_flight": lambda: single_flight("promo", emit),
            "storing": lambda: storing("promo", store, emit),
            "timeout": lambda: timeout("promo", 0.4),
        }
        return [made[name]() for name in self.policies]

    @property
    def calls(self) -> list[Call]:
        """Each call that reached the source."""
        assert isinstance(self.inner, FakeSource)
        return self.inner.calls

    @property
    def entry(self) -> Entry:
        """The one entry that is kept."""
        [entry] = self.cache.entries.values()
        return entry

    async def ask(self, seconds: float = 10.0, **args: object) -> Reply:
        """Ask, and let the cache store what there is to store."""
        reply = await self.source(call_in(self.clock, seconds, **args))
        await settled()
        return reply

    def begin(self, seconds: float = 10.0, **args: object) -> "asyncio.Task[Reply]":
        """Ask, and do not wait."""
        return asyncio.ensure_future(self.source(call_in(self.clock, seconds, **args)))

    async def assert_nothing_is_held(self) -> None:
        """Fail if a task still runs or a lock is held, once all had the time to end."""
        await settled()
        assert len(self.background) == 0
        assert self.lock.locks.held == {}
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert others == set(), others


def fleet(clock: VirtualClock, source: Source, size: int = 2) -> list[Kept]:
    """Return gateways that share one cache, one set of locks and one upstream."""
    cache, locks = MemoryFake(), Locks(clock)
    gateways = [Kept(clock, source, cache) for _ in range(size)]
    for gateway in gateways:
        gateway.lock.locks = locks
    return gateways


async def settled(turns: int = 12) -> None:
    """Let the loop turn without letting time pass."""
    for _ in range(turns):
        await asyncio.sleep(0)


def hanging() -> FakeSource:
    """Return a source that never answers."""
    return FakeSource(delay_seconds=FOREVER)
