"""Rules of the cache, as plain code: what an entry is worth, and under which key it lies.

Times are wall-clock seconds, because entries are shared between processes and outlive them.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol

from gateway.aggregation.source import Reply, State, Terms

WallClock = Callable[[], float]

KNOWN_KEYS = 1024
"""Of so many sets of arguments the key is remembered: most are asked again and again."""

EAGERNESS = 1.0
"""How early a popular entry is refreshed, in multiples of the time that the source takes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """For how many seconds replies are fresh at most, and how long past that they are kept.

    A source may say less, never more. Zero ``fresh`` seconds switch the cache off. ``purged_at`` is
    the instant up to which nothing that was stored counts any more.
    """

    fresh: float
    stale: float
    purged_at: Callable[[], float] = lambda: 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that a source said at ``stored_at``, after it had taken ``took`` seconds.

    Until ``fresh_until`` it is as good as new; until ``revalidate_until`` it may be shown while the
    source is asked again; until ``stale_until`` it may be shown where the source fails. ``etag`` is
    what the source calls this very value.
    """

    value: Any
    stored_at: float
    fresh_until: float
    revalidate_until: float = 0.0
    stale_until: float = 0.0
    took: float = 0.0
    etag: str | None = None


class Worth(Enum):
    """What an entry is worth."""

    FRESH = "fresh"
    EARLY = "early"
    """Fresh, and so near its end that one of the many who see it refreshes it."""
    REVALIDATE = "revalidate"
    """To be shown at once, and refreshed meanwhile (RFC 5861, 3)."""
    STALE = "stale"
    """To be shown only where the source fails (RFC 5861, 4)."""
    EXPIRED = "expired"


class Cache(Protocol):
    """Keeps entries. A cache that fails is a cache that is empty.

    So neither operation ever raises, and each bounds its own time well below a source's timeout.
    """

    async def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or None."""
        ...

    def at_once(self, key: str) -> Entry | None:
        """Return the entry under ``key`` if it is known, without waiting, to be the one to take."""
        ...

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` under ``key`` for as long as it is good for anything, or let it go."""
        ...


def worth(entry: Entry, now: float, bounds: Bounds, luck: float) -> Worth:
    """Return what ``entry`` is worth at ``now``, within today's bounds.

    One from the future was written by a clock that is not ours, and proves nothing. ``luck`` is
    drawn evenly from ]0, 1] for each look: with it, about one in many finds an entry EARLY, the
    sooner the longer its source took, so that replicas do not all refresh at once (Vattani et al.,
    Optimal Probabilistic Cache Stampede Prevention, 2015).
    """
    # Said in this way, it holds for an age that is no number at all, too.
    if not 0 <= now - entry.stored_at < bounds.fresh + bounds.stale or purged(entry, bounds):
        return Worth.EXPIRED
    left = fresh_left(entry, now, bounds)
    if left > 0:
        early = -entry.took * EAGERNESS * math.log(luck) >= left
        return Worth.EARLY if early else Worth.FRESH
    if now < entry.revalidate_until:
        return Worth.REVALIDATE
    return Worth.STALE if now < entry.stale_until else Worth.EXPIRED


def purged(entry: Entry, bounds: Bounds) -> bool:
    """Whether a purge came after the source was asked: what it said then may be of before."""
    return entry.stored_at - entry.took <= bounds.purged_at()


def fresh_left(entry: Entry, now: float, bounds: Bounds) -> float:
    """Return the seconds for which ``entry`` is fresh still, by its own terms and our bound."""
    return min(entry.fresh_until, entry.stored_at + bounds.fresh) - now


def just_said(entry: Entry, now: float, bounds: Bounds) -> bool:
    """Whether ``entry`` is so new that there is no point in asking again, not even early."""
    if worth(entry, now, bounds, 1.0) is not Worth.FRESH:
        return False
    return now - entry.stored_at < fresh_left(entry, now, bounds)


def entry_of(reply: Reply, now: float, bounds: Bounds, took: float) -> Entry | None:
    """Return what is kept of a reply; None if it is not live, or its source or we allow nothing."""
    terms = reply.terms
    fresh = fresh_seconds(bounds.fresh, terms)
    if fresh <= 0 or reply.state is not State.LIVE:
        return None
    fresh_until = now + fresh
    revalidate = min(terms.while_revalidate, bounds.stale)
    if_error = bounds.stale if terms.if_error is None else min(terms.if_error, bounds.stale)
    return Entry(
        reply.value,
        now,
        fresh_until,
        fresh_until + revalidate,
        fresh_until + max(revalidate, if_error),
        took,
        terms.etag,
    )


def terms_confirmed(entry: Entry, terms: Terms) -> Terms:
    """Return the terms of ``entry`` after its source said, on ``terms``, that it is unchanged.

    What a confirmation leaves out stays as it was (RFC 9111, 3.2 and 4.3.4).
    """
    etag = terms.etag or entry.etag
    if terms.fresh is not None:
        return replace(terms, etag=etag)
    fresh_until = entry.fresh_until
    return Terms(
        fresh=fresh_until - entry.stored_at,
        while_revalidate=entry.revalidate_until - fresh_until,
        if_error=entry.stale_until - fresh_until,
        etag=etag,
    )


def fresh_seconds(bound: float, terms: Terms) -> float:
    """Return for how long a reply is fresh: as long as its source says, within our own bound."""
    return max(0.0, bound if terms.fresh is None else min(bound, terms.fresh))


def key_for(source: str, args: Mapping[str, Any]) -> str:
    """Return the key of a reply: it names the source and every argument the reply depends on.

    Arguments come from visitors, so they are hashed: nothing of theirs, however long or odd, can
    stand in a key or make two different calls share one.
    """
    # The type is part of it: the number 1 and the text "1" may be answered differently.
    named = tuple((name, type(value).__qualname__, value) for name, value in args.items())
    try:
        return _known_key(source, named)
    except TypeError:  # an argument without a hash
        return _key(source, named)


def _key(source: str, named: tuple[tuple[str, str, Any], ...]) -> str:
    written = sorted((name, kind, repr(value)) for name, kind, value in named)
    digest = hashlib.blake2b(repr(written).encode(), digest_size=16).hexdigest()
    return f"{source}:{digest}"


_known_key = lru_cache(KNOWN_KEYS)(_key)
