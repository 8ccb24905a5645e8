"""What a source is, what it is asked, what it replies, and how policies are put around it.

A source is any ``async`` callable that takes a ``Call`` and returns a ``Reply`` or raises a
``SourceError``. A policy takes a source and returns a source, so that one wraps the next and the
whole has the type of its innermost part.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gateway.aggregation.deadline import Deadline


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a source lets its reply be kept, in seconds.

    ``fresh`` and ``if_error`` are None where it did not say. ``etag`` is its name for this very
    value.
    """

    fresh: float | None = None
    while_revalidate: float = 0.0
    if_error: float | None = None
    etag: str | None = None


NO_TERMS = Terms()


class Unchanged:
    """The value of a reply that says: it is still the one that you named by its ``etag``."""


UNCHANGED = Unchanged()


@dataclass(frozen=True, slots=True)
class Call:
    """What one source is asked, and until when.

    ``args`` are the values that the reply depends on, and all of them: a cache key is made of them.
    ``baggage`` travels along and changes nothing in the reply: request id, trace context. ``etag``
    names a value that we have already: the reply may be ``UNCHANGED`` then.
    """

    deadline: Deadline
    args: Mapping[str, Any] = field(default_factory=_nothing)
    baggage: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    etag: str | None = None

    def due(self, deadline: Deadline) -> "Call":
        """Return the same call with another deadline."""
        return Call(deadline, self.args, self.baggage, self.etag)

    def narrowed(self, names: tuple[str, ...]) -> "Call":
        """Return the call with the arguments in ``names`` alone; one that is absent is None."""
        args = {name: self.args.get(name) for name in names}
        return Call(self.deadline, args, self.baggage, self.etag)


class State(StrEnum):
    """Where the value of a reply comes from."""

    LIVE = "live"
    """Said by the source just now."""
    FRESH = "fresh"
    """Kept from before, and still within its lifetime."""
    STALE = "stale"
    """Kept from before and past its lifetime: better than nothing."""
    FALLBACK = "fallback"
    """Not from the source at all."""


REVALIDATING = "revalidating"
"""The reason of a stale value that is being refreshed just now."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A value and its provenance.

    ``age`` is in seconds since the source said it. ``lifetime`` is how many seconds it may still be
    kept; None where nobody knows. ``reason`` is why a stale or fallback value is shown. ``terms``
    are the source's own for keeping it.
    """

    value: Any
    state: State = State.LIVE
    age: float = 0.0
    lifetime: float | None = None
    reason: str | None = None
    terms: Terms = NO_TERMS

    def lasting(self, lifetime: float) -> "Reply":
        """Return the same reply with another lifetime, in seconds."""
        return Reply(self.value, self.state, self.age, lifetime, self.reason, self.terms)


Source = Callable[[Call], Awaitable[Reply]]
Policy = Callable[[Source], Source]
Look = Callable[[Call], Reply | None]


def look_into(source: Source) -> Look | None:
    """Return how to look whether ``source`` has its answer at hand; None where it never has.

    An answer from memory needs no waiting, and so no task: a look returns it at once, or None, and
    then the source is called as any other.
    """
    look: Look | None = getattr(source, "at_once", None)
    return look


def with_look(source: Source, look: Look | None) -> Source:
    """Return ``source``, a function of a policy's own, that can be looked into by ``look``."""
    source.at_once = look  # type: ignore[attr-defined]
    return source


def stack(source: Source, *policies: Policy) -> Source:
    """``stack(s, a, b)`` is ``a(b(s))``: the first policy is the outermost."""
    for policy in reversed(policies):
        source = policy(source)
    return source
