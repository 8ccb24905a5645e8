"""What is switched while the gateways run, for all of them at once.

Settings, sources that are off, and faults on purpose stand in Postgres; purges, which are of use
only beside the shared cache, in Redis. Every gateway looks once a second. Where one of the two is
gone, each goes on with what it saw last; what has an end ends by itself, whoever is gone.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import redis
import redis.asyncio
from django.conf import settings

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import SwitchesFound, SwitchesLost
from gateway.aggregation.faults import FaultRule
from gateway.sources.inforce import SQL, Kind, Seen, Switch, read
from gateway.sources.postgres import Postgres
from gateway.sources.redis_cache import SharedRedis

PURGES = "page:purges"
LOOK_SECONDS = 1.0
POSTGRES_SECONDS = 0.5
"""How long a look into Postgres may take. It has a connection of its own: pages that wait for
theirs, because some setting is wrong, must not keep us from hearing that it was put right."""

FAULT_SECONDS = 600.0
"""How long a fault lasts if nobody says otherwise."""

UNREADABLE = "unreadable"
Held = Mapping[bytes | str, bytes | str]


class Switches:
    """What this gateway knows of the switches. Before the first look there are none.

    ``changed`` is called when settings, or sources that are off, are others than before.
    """

    def __init__(
        self, shared: SharedRedis, postgres: Postgres, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.seen = Seen()
        self.as_of = 0.0
        """When (wall clock) Postgres was last read; 0.0 before that."""
        self.problem = ""
        """Why it could not be read at the latest look, in one word; empty where it could."""
        self._shared = shared
        self._postgres = postgres
        self._changed = changed
        self._faults: dict[str, Switch] = {}
        self._in_force: dict[tuple[Kind, str], Switch] = {}
        self._purges: dict[str, float] = {}
        self._looking: asyncio.Task[None] | None = None

    def fault(self, source: str) -> FaultRule | None:
        """Return what is to be done to the calls of ``source`` right now."""
        fault = self._faults.get(source)
        return fault.value if fault and self._shared.wall() < fault.until else None

    def seconds(self, setting: str) -> float:
        """Return the seconds of ``setting``: those of staff, or those that the gateway began with.

        For building, not for each call.
        """
        found = self._in_force.get((Kind.SETTING, setting))
        return float(getattr(settings, setting) if found is None else found.value)

    def off(self, source: str) -> bool:
        """Whether nobody is to ask ``source``. For building, not for each call."""
        return (Kind.OFF, source) in self._in_force

    def in_force(self) -> list[Switch]:
        """Return everything that is switched now, by kind and name."""
        now = self._shared.wall()
        return [each for _, each in sorted(self.seen.switches.items()) if now < each.until]

    def purged_at(self, source: str) -> float:
        """Return the instant (wall clock) up to which nothing kept of ``source`` counts."""
        return max(self._purges.get(source, 0.0), _purged_here.get(source, 0.0))

    async def watch(self) -> None:
        """Look once a second, until it is cancelled; a look that is under way ends by itself."""
        while True:
            self._looking = asyncio.create_task(self.look())
            await asyncio.shield(self._looking)
            await asyncio.sleep(LOOK_SECONDS)

    async def rest(self) -> None:
        """Wait for the end of the last look: what it asks is closed next."""
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=POSTGRES_SECONDS)

    async def look(self) -> None:
        """Take over what Postgres and Redis hold; keep what we know where one does not answer."""
        await asyncio.gather(self.look_for_changes(), self._look_for_purges())

    async def look_for_changes(self) -> None:
        """Do it for what is in Postgres alone."""
        deadline = Deadline.after(POSTGRES_SECONDS)
        try:
            rows = await self._postgres.rows("switches", SQL, None, deadline)
        except SourceError as error:
            self._lost(error.reason, error)
        else:
            self.take_over(read(rows))
        self._apply()

    def take_over(self, seen: Seen) -> None:
        """Know ``seen`` from now on."""
        self.seen, self.as_of = seen, self._shared.wall()
        self._faults = {
            name: each for (kind, name), each in seen.switches.items() if kind is Kind.FAULT
        }
        if seen.unreadable:
            self._lost(UNREADABLE, ValueError(", ".join(seen.unreadable)))
        elif self.problem:
            self.problem = ""
            self._shared.emit(SwitchesFound())
        self._apply()

    def _lost(self, reason: str, error: Exception) -> None:
        """Tell of it once, by the word that came first: an outage of an hour is 3,600 looks."""
        if not self.problem:
            self.problem = reason
            self._shared.emit(SwitchesLost(reason, error))

    def _apply(self) -> None:
        """Let what is in force now be so, and what has come to its end be over."""
        now = self._shared.wall()
        in_force = {
            key: each
            for key, each in self.seen.switches.items()
            if key[0] is not Kind.FAULT and now < each.until
        }
        before = {key: each.value for key, each in self._in_force.items()}
        self._in_force = in_force
        if before != {key: each.value for key, each in in_force.items()}:
            self._changed()

    async def _look_for_purges(self) -> None:
        held = await self._shared.ask("switches", "look", _held)
        if held is not None:
            # Never fewer than before: a Redis that was flushed has forgotten, and we have not.
            self._purges |= self._read(held)

    def _read(self, held: Held) -> dict[str, float]:
        """Return what can be read: one value that cannot must not keep the others from us."""
        found = {}
        for name, raw in held.items():
            try:
                instant = float(raw)
                found[_text(name)] = instant if math.isfinite(instant) else 0.0
            except ValueError as error:
                self._shared.failed("switches", "look", error)
        return found


async def _held(client: "redis.asyncio.Redis") -> Held:
    held: Held = await client.hgetall(PURGES)
    return held


_purged_here: dict[str, float] = {}


def purge_here(source: str) -> None:
    """Make this process alone forget what it keeps of ``source``; it asks nobody."""
    _purged_here[source] = time.time()


def purge(url: str, source: str) -> None:
    """Make all gateways forget what they keep of ``source``. Raises RedisError."""
    with _connected(url) as client:
        client.hset(PURGES, source, repr(time.time()))


@contextmanager
def _connected(url: str) -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0)
    try:
        yield client
    finally:
        client.close()


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()
