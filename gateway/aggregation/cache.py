"""Rules of the cache, as plain code: how long an entry is good, and under which key it lies.

Times are wall-clock seconds, because entries are shared between processes and outlive them.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

WallClock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that a source said at ``stored_at`` and that is good until ``fresh_until``."""

    value: Any
    stored_at: float
    fresh_until: float


class Freshness(Enum):
    """What an entry is worth."""

    FRESH = "fresh"
    EXPIRED = "expired"


class Cache(Protocol):
    """Keeps entries. A cache that fails is a cache that is empty.

    So neither operation ever raises, and each bounds its own time well below a source's timeout.
    """

    async def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or None."""
        ...

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` under ``key`` for as long as it is good, or let it go."""
        ...


def freshness(entry: Entry, now: float, most_seconds: float) -> Freshness:
    """Return what ``entry`` is worth at ``now``, where none older than ``most_seconds`` counts.

    It may have been stored under a longer bound than today's. One from the future was written by a
    clock that is not ours, and proves nothing.
    """
    if entry.stored_at <= now < min(entry.fresh_until, entry.stored_at + most_seconds):
        return Freshness.FRESH
    return Freshness.EXPIRED


def fresh_seconds(configured: float, said: float | None) -> float:
    """Return for how long a reply may be kept: as long as its source said, within our own bound.

    ``said`` is None where the source did not speak of it.
    """
    return max(0.0, configured if said is None else min(configured, said))


def key_for(source: str, args: Mapping[str, Any]) -> str:
    """Return the key of a reply: it names the source and every argument the reply depends on.

    Arguments come from visitors, so they are hashed: nothing of theirs, however long or odd, can
    stand in a key or make two different calls share one.
    """
    # The type is part of it: the number 1 and the text "1" may be answered differently.
    named = sorted((name, type(value).__qualname__, repr(value)) for name, value in args.items())
    digest = hashlib.blake2b(repr(named).encode(), digest_size=16).hexdigest()
    return f"{source}:{digest}"
