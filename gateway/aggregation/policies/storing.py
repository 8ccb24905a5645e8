"""storing: the one who asks keeps the answer, for all gateways."""

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.aggregation.cache import Entry, Worth, entry_of, key_for, worth
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import EntryConfirmed, FleetWaited, Listener, NegativeHit
from gateway.aggregation.negative import Negatives
from gateway.aggregation.policies.caching import Keeping
from gateway.aggregation.source import UNCHANGED, Call, Policy, Reply, Source

POLL_SECONDS = 0.02
"""How often one who waits for another gateway looks whether the answer is there."""


class FleetLock(Protocol):
    """Tells gateways apart that ask the same. It never raises, and expires by itself."""

    async def acquire(self, key: str, seconds: float) -> bool:
        """Whether we are the one to ask. True also where nobody can tell."""
        ...

    async def release(self, key: str) -> None:
        """Let the next one ask, if the lock is still ours."""
        ...


@dataclass(frozen=True, slots=True)
class Storing:
    """Where to keep, who else asks, and which failures are remembered for a moment."""

    keeping: Keeping
    lock: FleetLock
    negatives: Negatives


def storing(name: str, store: Storing, emit: Listener) -> Policy:
    """Return a policy that asks for the whole fleet and stores what the source says.

    A gateway that finds another one asking waits for its answer, for half of its own time; then it
    asks itself. Failures that will not pass at once are remembered for a moment. An entry that the
    source names by an ETag is asked for with it, and confirmed if nothing has changed. Where the
    bounds allow nothing to be fresh, nothing is stored.
    """
    if store.keeping.bounds.fresh <= 0:
        return _unkept
    return lambda source: _Stored(name, store, emit, source)


def _unkept(source: Source) -> Source:
    async def passed(call: Call) -> Reply:
        return replace(await source(call), lifetime=0.0)

    return passed


class _Stored:
    def __init__(self, name: str, store: Storing, emit: Listener, source: Source) -> None:
        self._name = name
        self._keeping = store.keeping
        self._lock = store.lock
        self._negatives = store.negatives
        self._emit = emit
        self._source = source

    async def __call__(self, call: Call) -> Reply:
        key = key_for(self._name, call.args)
        if (error := self._negatives.find(key, self._keeping.wall())) is not None:
            self._emit(NegativeHit(self._name, error.reason))
            raise error
        if not await self._lock.acquire(key, call.deadline.remaining()):
            self._emit(FleetWaited(self._name))
            if (reply := await self._from_others(key, call)) is not None:
                return reply
        return await self._ask(key, call)

    async def _from_others(self, key: str, call: Call) -> Reply | None:
        patience = call.deadline.within(call.deadline.remaining() / 2)
        while not patience.expired:
            await asyncio.sleep(POLL_SECONDS)
            entry, now = await self._keeping.cache.get(key), self._keeping.wall()
            if entry and worth(entry, now, self._keeping.bounds, 1.0) is Worth.FRESH:
                return Reply(
                    entry.value, age=now - entry.stored_at, lifetime=entry.fresh_until - now
                )
        return None

    async def _ask(self, key: str, call: Call) -> Reply:
        keeping = self._keeping
        known = await keeping.cache.get(key)
        started = keeping.wall()
        try:
            reply = await self._source(replace(call, etag=known.etag if known else None))
        except BaseException as error:
            if isinstance(error, SourceError):
                self._negatives.note(key, error, keeping.wall())
            keeping.spawn(self._lock.release(key))
            raise
        if reply.value is UNCHANGED and known is not None:
            self._emit(EntryConfirmed(self._name))
            terms = replace(reply.terms, etag=reply.terms.etag or known.etag)
            reply = replace(reply, value=known.value, terms=terms)
        now = keeping.wall()
        entry = entry_of(reply, now, keeping.bounds, now - started)
        keeping.spawn(self._put(key, entry))
        return replace(reply, lifetime=entry.fresh_until - now if entry else 0.0)

    async def _put(self, key: str, entry: Entry | None) -> None:
        """Store first, then let others ask: who gets the lock next finds the answer."""
        if entry is not None:
            await self._keeping.cache.put(key, entry)
        await self._lock.release(key)
