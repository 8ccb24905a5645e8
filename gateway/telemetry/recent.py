"""What has happened of late in this process: ten minutes, in steps of five seconds.

A listener. A fact costs a look into a table and an addition or two; nothing is sorted, and no
percentile is reckoned, until somebody looks. What is held is bounded by the number of sources.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from gateway.aggregation.deadline import Clock
from gateway.aggregation.events import (
    BulkheadRefused,
    CacheFailed,
    CacheHit,
    CacheMissed,
    CallFailed,
    CallHedged,
    CallRetried,
    Event,
    PageComposed,
    SourceAbandoned,
    SourceFailed,
    SourceReplied,
)
from gateway.aggregation.source import REVALIDATING, State

STEP_SECONDS = 5.0
STEPS = 120
BOUNDS = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2),
    *(0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.5, 2.0),
)
"""Seconds. Durations are counted between these; a percentile is as exact as they are close."""

UNASKED = frozenset({"open", "off", "full", REVALIDATING})
"""Reasons for which nobody was asked: how long that took says nothing about the source."""


class Count(IntEnum):
    """What is counted in each step."""

    LIVE = 0
    FRESH = 1
    STALE = 2
    FALLBACK = 3
    FAILED = 4
    ABANDONED = 5
    HITS = 6
    MISSES = 7
    RETRIES = 8
    HEDGES = 9
    ERRORS = 10
    """Calls upstream that failed, whatever the visitor was shown then."""
    REFUSED = 11


_OF_STATE = {
    State.LIVE: Count.LIVE,
    State.FRESH: Count.FRESH,
    State.STALE: Count.STALE,
    State.FALLBACK: Count.FALLBACK,
}
_NOTHING = (0,) * len(Count)
_NO_TIMES = (0,) * (len(BOUNDS) + 1)


@dataclass(slots=True)
class Step:
    """Five seconds, or several such together: counts, reasons, and calls by their duration."""

    number: int = -1
    counts: list[int] = field(default_factory=lambda: list(_NOTHING))
    times: list[int] = field(default_factory=lambda: list(_NO_TIMES))
    reasons: dict[str, int] = field(default_factory=dict)
    _p95: float = -1.0

    @property
    def calls(self) -> int:
        """How many calls ended, however they did."""
        return sum(self.counts[: Count.ABANDONED])

    def quantile(self, share: float) -> float | None:
        """Return the seconds within which ``share`` of the calls were answered, None for none.

        Between two bounds calls count as spread evenly; past the last one it is the last.
        """
        total = sum(self.times)
        if not total:
            return None
        wanted, low = share * total, 0.0
        for bound, calls in zip(BOUNDS, self.times, strict=False):
            if calls and calls >= wanted:
                return low + (bound - low) * wanted / calls
            wanted, low = wanted - calls, bound
        return BOUNDS[-1]

    def p95(self, now: int) -> float | None:
        """Return the 95th percentile; of a step that is over, it is reckoned once."""
        if self.number >= now:
            return self.quantile(0.95)
        if self._p95 < 0:
            found = self.quantile(0.95)
            self._p95 = math.inf if found is None else found
        return None if math.isinf(self._p95) else self._p95


class Line:
    """The steps of one subject: a source, the pages, or the door."""

    __slots__ = ("_ring",)

    def __init__(self) -> None:
        self._ring: list[Step | None] = [None] * STEPS

    def at(self, number: int) -> Step:
        """Return the step with this number, to count in."""
        place = number % STEPS
        step = self._ring[place]
        if step is None or step.number != number:
            step = self._ring[place] = Step(number)
        return step

    def steps(self, now: int, count: int = STEPS) -> Iterator[Step | None]:
        """Give the last ``count`` steps, oldest first; None for one in which nothing happened."""
        for number in range(now - count + 1, now + 1):
            step = self._ring[number % STEPS]
            yield step if step is not None and step.number == number else None

    def together(self, now: int, count: int) -> Step:
        """Return the last ``count`` steps as one."""
        found = [step for step in self.steps(now, count) if step is not None]
        if not found:
            return Step(now)
        counts = [sum(each) for each in zip(*(step.counts for step in found), strict=True)]
        times = [sum(each) for each in zip(*(step.times for step in found), strict=True)]
        whole = Step(now, counts, times)
        for step in found:
            for reason, calls in step.reasons.items():
                whole.reasons[reason] = whole.reasons.get(reason, 0) + calls
        return whole


class Recent:
    """Hears of everything and counts it."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.sources: dict[str, Line] = {}
        self.pages = Line()
        self.door = Line()
        self.cache = Line()
        """What the shared cache did not do."""
        self._clock = clock
        self.began = clock()
        self._heard: dict[type, Callable[[Any, int], None]] = {
            SourceReplied: self._replied,
            SourceFailed: self._failed,
            PageComposed: self._composed,
            CacheFailed: self._cache_failed,
            BulkheadRefused: self._refused,
            **dict.fromkeys(_COUNTED, self._counted),
        }

    def hears(self, kind: type) -> bool:
        """Whether an event of this kind is of interest here."""
        return kind in self._heard

    def __call__(self, event: Event) -> None:
        """Count ``event``, if it is of interest here."""
        heard = self._heard.get(type(event))
        if heard is not None:
            heard(event, int(self._clock() / STEP_SECONDS))

    @property
    def now(self) -> int:
        """The number of the step that is under way."""
        return int(self._clock() / STEP_SECONDS)

    def covered(self, seconds: float) -> float:
        """Return how much of the last ``seconds`` there was, less what is still to come of a step.

        A rate is a count by this.
        """
        now = self._clock()
        whole = seconds - STEP_SECONDS + now % STEP_SECONDS
        return max(1.0, min(whole, now - self.began))

    def _of(self, source: str) -> Line:
        line = self.sources.get(source)
        if line is None:
            line = self.sources[source] = Line()
        return line

    def _replied(self, event: SourceReplied, number: int) -> None:
        step = self._of(event.source).at(number)
        step.counts[_OF_STATE[event.state]] += 1
        reason = event.reason
        if reason is not None:
            step.reasons[reason] = step.reasons.get(reason, 0) + 1
            if reason in UNASKED:
                return
        elif event.state is not State.LIVE or not event.seconds:
            return  # kept from before, or at hand: nobody was asked
        step.times[bisect_left(BOUNDS, event.seconds)] += 1

    def _failed(self, event: SourceFailed, number: int) -> None:
        step = self._of(event.source).at(number)
        step.counts[Count.FAILED] += 1
        step.reasons[event.reason] = step.reasons.get(event.reason, 0) + 1
        if event.reason not in UNASKED:
            step.times[bisect_left(BOUNDS, event.seconds)] += 1

    def _counted(self, event: Any, number: int) -> None:
        self._of(event.source).at(number).counts[_COUNTED[type(event)]] += 1

    def _composed(self, event: PageComposed, number: int) -> None:
        step = self.pages.at(number)
        step.counts[Count.LIVE if event.complete else Count.STALE] += 1
        step.times[bisect_left(BOUNDS, event.seconds)] += 1

    def _cache_failed(self, event: CacheFailed, number: int) -> None:
        step = self.cache.at(number)
        step.counts[Count.FAILED] += 1
        step.reasons[event.reason] = step.reasons.get(event.reason, 0) + 1

    def _refused(self, event: BulkheadRefused, number: int) -> None:
        line = self.door if event.source == DOOR else self._of(event.source)
        step = line.at(number)
        step.counts[Count.REFUSED] += event.calls
        step.reasons[event.cause] = step.reasons.get(event.cause, 0) + event.calls


DOOR = "door"
"""As ``gateway/web/admission.py`` calls itself."""

_COUNTED: dict[type, Count] = {
    SourceAbandoned: Count.ABANDONED,
    CacheHit: Count.HITS,
    CacheMissed: Count.MISSES,
    CallRetried: Count.RETRIES,
    CallHedged: Count.HEDGES,
    CallFailed: Count.ERRORS,
}
