"""What is switched while the gateways run, for all of them at once: faults on purpose, and purges.

It lies in Redis and every gateway looks once a second. Where Redis is gone, each goes on with what
it saw last; faults end by themselves, so that none is forgotten.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import redis
import redis.asyncio

from gateway.aggregation.faults import FaultRule
from gateway.sources.redis_cache import OPERATION_SECONDS, UNREADABLE, SharedRedis

FAULTS = "page:faults"
PURGES = "page:purges"
LOOK_SECONDS = 1.0
FAULT_SECONDS = 600.0
"""How long a fault lasts if nobody says otherwise."""

Held = Mapping[bytes | str, bytes | str]
T = TypeVar("T")


class _Fault(msgspec.Struct, frozen=True):
    rule: FaultRule
    until: float


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Fault).decode


class Switches:
    """What this gateway knows of the switches. Before the first look there are none."""

    def __init__(self, shared: SharedRedis) -> None:
        self._shared = shared
        self._faults: dict[str, _Fault] = {}
        self._purges: dict[str, float] = {}

    def fault(self, source: str) -> FaultRule | None:
        """Return what is to be done to the calls of ``source`` right now."""
        fault = self._faults.get(source)
        return fault.rule if fault and self._shared.wall() < fault.until else None

    def purged_at(self, source: str) -> float:
        """Return the instant (wall clock) up to which nothing kept of ``source`` counts."""
        return max(self._purges.get(source, 0.0), _purged_here.get(source, 0.0))

    async def watch(self) -> None:
        """Look once a second, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Take over what Redis holds; keep what we know where it does not answer."""
        held = await self._shared.ask("switches", "look", _held)
        if held is not None:
            faults, purges = held
            self._faults = self._read(faults, _decode)
            self._purges = self._read(purges, float)

    def _read(self, held: Held, decode: Callable[[bytes | str], T]) -> dict[str, T]:
        """Return what can be read: one value that cannot must not keep the others from us."""
        found = {}
        for name, raw in held.items():
            try:
                found[_text(name)] = decode(raw)
            except UNREADABLE as error:
                self._shared.failed("switches", "look", error)
        return found


async def _held(client: "redis.asyncio.Redis") -> tuple[Held, Held]:
    return await client.hgetall(FAULTS), await client.hgetall(PURGES)


def set_fault(url: str, source: str, rule: FaultRule | None, seconds: float) -> None:
    """Begin a fault of ``source`` in all gateways for ``seconds``, or end it. Raises RedisError."""
    with _connected(url) as client:
        if rule is None:
            client.hdel(FAULTS, source)
        else:
            client.hset(FAULTS, source, _encode(_Fault(rule, time.time() + seconds)).decode())


def faults_now(url: str) -> dict[str, FaultRule]:
    """Return the faults that are switched on. Raises RedisError."""
    with _connected(url) as client:
        found = {_text(name): _decode(raw) for name, raw in client.hgetall(FAULTS).items()}
    return {name: fault.rule for name, fault in found.items() if time.time() < fault.until}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one source is switched. Instants are on the wall clock; 0.0 where there is none."""

    rule: FaultRule | None = None
    until: float = 0.0
    purged_at: float = 0.0


async def standings(client: redis.asyncio.Redis, now: float) -> dict[str, Standing]:
    """Return how the sources are switched that are, or that were purged.

    Raises RedisError, OSError or TimeoutError after a tenth of a second at the latest, and
    ValueError for what cannot be read.
    """
    async with asyncio.timeout(OPERATION_SECONDS):
        raw_faults = await client.hgetall(FAULTS)
        raw_purges = await client.hgetall(PURGES)
    faults = {_text(name): _decode(raw) for name, raw in raw_faults.items()}
    faults = {name: fault for name, fault in faults.items() if now < fault.until}
    purges = {_text(name): float(raw) for name, raw in raw_purges.items()}
    return {
        name: Standing(
            faults[name].rule if name in faults else None,
            faults[name].until if name in faults else 0.0,
            purges.get(name, 0.0),
        )
        for name in faults.keys() | purges.keys()
    }


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
