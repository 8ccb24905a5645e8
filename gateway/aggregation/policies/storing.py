"""storing: the one who asks keeps the answer, for all gateways."""

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.aggregation.cache import (
    Entry,
    Worth,
    entry_of,
    fresh_left,
    just_said,
    key_for,
    purged,
    terms_confirmed,
    worth,
)
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import EntryConfirmed, FleetWaited, Listener, NegativeHit
from gateway.aggregation.layers import layer
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


class Alone:
    """The lock of a source whose replies no other gateway ever sees: it is always ours."""

    async def acquire(self, key: str, seconds: float) -> bool:
        """Return True."""
        return True

    async def release(self, key: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Storing:
    """Where to keep, who else asks, and which failures are remembered for a moment."""

    keeping: Keeping
    lock: FleetLock
    negatives: Negatives


@layer
def storing(name: str, store: Storing, emit: Listener) -> Policy:
    """Return a policy that asks for the whole fleet and stores what the source says.

    A gateway that finds another one asking waits for its answer, for half of its own time; then, or
    as soon as the other one has failed, it asks itself. Failures that will not pass at once are
    remembered for a moment. An entry that the source names by an ETag is asked for with it, and
    confirmed if nothing has changed. Where the bounds allow nothing to be fresh, nothing is stored.
    """
    if store.keeping.bounds.fresh <= 0:
        return _unkept
    return lambda source: _Stored(name, store, emit, source)


def _unkept(source: Source) -> Source:
    async def passed(call: Call) -> Reply:
        return (await source(call)).lasting(0.0)

    return passed


class _Stored:
    def __init__(self, name: str, store: Storing, emit: Listener, source: Source) -> None:
        self._name = name
        self._keeping = store.keeping
        self._lock = store.lock
        self._negatives = store.negatives
        self._emit = emit
        self._source = source
        # Whether the last reply could be kept: where none can, there is nothing to wait for.
        self._keeps = True

    async def __call__(self, call: Call) -> Reply:
        key = key_for(self._name, call.args)
        if (error := self._negatives.find(key, call.deadline.clock())) is not None:
            self._emit(NegativeHit(self._name, error.reason))
            raise error
        entry = None
        try:
            reply, entry = await self._answer(key, call)
        except SourceError as failure:
            self._negatives.note(key, failure, call.deadline.clock())
            raise
        finally:
            # Also for a call that was cancelled while it took the lock: it may be ours by now.
            self._keeping.spawn(self._finish(key, entry))
        return reply

    async def _answer(self, key: str, call: Call) -> tuple[Reply, Entry | None]:
        """Return the reply, and the entry that is to be stored if there is a new one."""
        if (theirs := await self._from_others(key, call)) is not None:
            return self._said(theirs), None
        known, bounds = await self._keeping.cache.get(key), self._keeping.bounds
        if known is None or purged(known, bounds):
            return await self._ask(call, None)
        if just_said(known, self._keeping.wall(), bounds):
            # It came between the look into the cache and the lock.
            return self._said(known), None
        return await self._ask(call, known)

    async def _from_others(self, key: str, call: Call) -> Entry | None:
        """Return what another gateway was told meanwhile; None once it is ours to ask."""
        keeping = self._keeping
        if not self._keeps or await self._lock.acquire(key, call.deadline.remaining()):
            return None
        self._emit(FleetWaited(self._name))
        patience = call.deadline.within(call.deadline.remaining() / 2)
        while not patience.expired:
            await asyncio.sleep(POLL_SECONDS)
            entry = await keeping.cache.get(key)
            if entry and worth(entry, keeping.wall(), keeping.bounds, 1.0) is Worth.FRESH:
                return entry
            # Free again and no answer: the other one failed, or must not keep what it was told.
            if await self._lock.acquire(key, call.deadline.remaining()):
                return None
        return None

    async def _ask(self, call: Call, known: Entry | None) -> tuple[Reply, Entry | None]:
        started = call.deadline.clock()
        reply = await self._source(replace(call, etag=known.etag if known else None))
        if reply.value is UNCHANGED and known is not None:
            self._emit(EntryConfirmed(self._name))
            reply = replace(reply, value=known.value, terms=terms_confirmed(known, reply.terms))
        now, took = self._keeping.wall(), call.deadline.clock() - started
        entry = entry_of(reply, now, self._keeping.bounds, took)
        self._keeps = entry is not None
        return reply.lasting(entry.fresh_until - now if entry else 0.0), entry

    def _said(self, entry: Entry) -> Reply:
        now = self._keeping.wall()
        left = fresh_left(entry, now, self._keeping.bounds)
        return Reply(entry.value, age=now - entry.stored_at, lifetime=left)

    async def _finish(self, key: str, entry: Entry | None) -> None:
        """Store first, then let others ask: who gets the lock next finds the answer."""
        if entry is not None:
            await self._keeping.cache.put(key, entry)
        await self._lock.release(key)
