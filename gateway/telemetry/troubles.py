"""What is wrong with whom, since when and why: the latest troubles of sources and breakers.

A listener that hears of failures alone, so that what goes well pays nothing. It says in the log, in
one line each, when a source's trouble begins, when it becomes another one, and when it is over.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.aggregation.cache import WallClock
from gateway.aggregation.errors import SourceCrashed, SourceError, SourceRejected
from gateway.aggregation.events import (
    BreakerClosed,
    BreakerOpened,
    CallFailed,
    CallsRecovered,
    Event,
    FallbackServed,
    SourceFailed,
    StaleServed,
)
from gateway.aggregation.source import REVALIDATING

CALM_SECONDS = 30.0
"""A source that fails again so soon after it was well is in the same trouble as before."""

MOST_ERRORS = 8
MOST_DETAIL = 200
OUR_OWN = frozenset({"open", "off"})
"""Reasons that are no trouble of the source: we did not ask it, for a cause told elsewhere."""


@dataclass(slots=True)
class Noted:
    """One kind of failure, ``times`` in a row; instants are on the wall clock."""

    kind: str
    reason: str
    detail: str
    first: float
    last: float
    times: int = 1


@dataclass(slots=True)
class Trouble:
    """A source that fails. It is over once ``recovered`` lies ``CALM_SECONDS`` back."""

    since: float
    last: float = 0.0
    reason: str = ""
    reason_since: float = 0.0
    """Since when it fails of this; it may have begun with another."""
    detail: str = ""
    failures: int = 0
    recovered: float | None = None


@dataclass(slots=True)
class Story:
    """What is known of one source: its trouble if there is one, and its latest failures."""

    trouble: Trouble | None = None
    errors: deque[Noted] = field(default_factory=lambda: deque(maxlen=MOST_ERRORS))
    shown: str = ""
    """What visitors were last given in its place: stale, fallback or nothing."""
    shown_at: float = 0.0
    said_at: float = 0.0
    """When the source had said what was shown, where that was stale."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An outage as a breaker sees it: since when it is not closed, and why it opened first."""

    since: float
    cause: str


class Troubles:
    """Hears of failures. ``tell`` writes a line of the log: an event, and fields."""

    def __init__(
        self, tell: Callable[..., Any] = lambda event, **fields: None, wall: WallClock = time.time
    ) -> None:
        self.sources: dict[str, Story] = {}
        self.breakers: dict[str, Opening] = {}
        self._tell = tell
        self._wall = wall
        self._heard: dict[type, Callable[[Any], None]] = {
            CallFailed: self._call_failed,
            CallsRecovered: self._recovered,
            StaleServed: self._stale,
            FallbackServed: self._fallback,
            SourceFailed: self._failed,
            BreakerOpened: self._opened,
            BreakerClosed: self._closed,
        }

    def hears(self, kind: type) -> bool:
        """Whether an event of this kind is of interest here."""
        return kind in self._heard

    def __call__(self, event: Event) -> None:
        """Take note of ``event``, if something went wrong, or is well again."""
        heard = self._heard.get(type(event))
        if heard is not None:
            heard(event)

    def trouble_of(self, source: str) -> Trouble | None:
        """Return the trouble that ``source`` is in; None where it is well, and has been so."""
        story = self.sources.get(source)
        trouble = story.trouble if story else None
        if trouble is None or trouble.recovered is None:
            return trouble
        return trouble if self._wall() - trouble.recovered < CALM_SECONDS else None

    def _of(self, source: str) -> Story:
        return self.sources.setdefault(source, Story())

    def _call_failed(self, event: CallFailed) -> None:
        now, story = self._wall(), self._of(event.source)
        detail = detail_of(event.error)
        self._note(story, event.error, event.reason, detail)
        before = trouble = self.trouble_of(event.source)
        if trouble is None:
            trouble = story.trouble = Trouble(now)
        is_news = before is None or trouble.reason != event.reason
        if is_news:
            trouble.reason, trouble.reason_since = event.reason, now
        trouble.detail, trouble.last = detail, now
        trouble.failures, trouble.recovered = trouble.failures + 1, None
        if is_news:
            self._tell("source.trouble", source=event.source, reason=event.reason, detail=detail)

    def _recovered(self, event: CallsRecovered) -> None:
        trouble = self._of(event.source).trouble
        if trouble is None:
            return
        now = self._wall()
        trouble.recovered = now
        self._tell(
            "source.recovered",
            source=event.source,
            failures=trouble.failures,
            seconds=round(now - trouble.since, 1),
        )

    def _stale(self, event: StaleServed) -> None:
        if event.reason != REVALIDATING:
            now = self._wall()
            story = self._of(event.source)
            story.shown, story.shown_at, story.said_at = "stale", now, now - event.age

    def _fallback(self, event: FallbackServed) -> None:
        story = self._of(event.source)
        story.shown, story.shown_at = "fallback", self._wall()

    def _failed(self, event: SourceFailed) -> None:
        story = self._of(event.source)
        story.shown, story.shown_at = "nothing", self._wall()
        if event.reason == SourceCrashed.reason:
            self._note(story, event.error, event.reason, detail_of(event.error))

    def _opened(self, event: BreakerOpened) -> None:
        self.breakers.setdefault(event.upstream, Opening(self._wall(), event.cause))

    def _closed(self, event: BreakerClosed) -> None:
        self.breakers.pop(event.upstream, None)

    def _note(self, story: Story, error: BaseException, reason: str, detail: str) -> None:
        now, kind = self._wall(), type(error).__name__
        if story.errors and (story.errors[-1].kind, story.errors[-1].detail) == (kind, detail):
            story.errors[-1].last, story.errors[-1].times = now, story.errors[-1].times + 1
        else:
            story.errors.append(Noted(kind, reason, detail, now, now))


def detail_of(error: BaseException) -> str:
    """Return what an error says, short, on one line, and with nothing that a visitor may have sent.

    Postgres repeats the values that it refuses, and a fault of ours may hold anything: of these
    only the kind is told.
    """
    if not isinstance(error, SourceError) or isinstance(error, SourceCrashed | SourceRejected):
        return type(error.__cause__ or error).__name__
    return "".join(c if c.isprintable() else " " for c in error.detail)[:MOST_DETAIL]
