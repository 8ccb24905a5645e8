"""Facts that the engine reports, and those who listen.

The engine never logs, counts or traces: it states what happened, as a frozen value, and
``gateway/telemetry`` makes of it what it likes. Every ``reason`` and ``state`` is a word from a
closed list, so that each can be a label of a metric.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway.aggregation.source import State

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceReplied:
    """A stack gave a reply, from wherever."""

    source: str
    state: State
    seconds: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """A stack gave no reply at all; ``error`` says why."""

    source: str
    reason: str
    seconds: float
    error: BaseException


@dataclass(frozen=True, slots=True)
class CallFailed:
    """One call of a source failed, whoever it was for: a page, a retry, or a refresh beside pages.

    What the visitor sees of it is another matter, and another fact.
    """

    source: str
    reason: str
    seconds: float
    error: BaseException


@dataclass(frozen=True, slots=True)
class CallsRecovered:
    """The first call of a source that was answered after some had failed."""

    source: str


@dataclass(frozen=True, slots=True)
class SourceAbandoned:
    """Whoever asked went away before the stack had an answer. It says nothing about the source."""

    source: str
    seconds: float


@dataclass(frozen=True, slots=True)
class FallbackServed:
    """The fallback value stood in for a source that failed with ``error``."""

    source: str
    reason: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class CacheHit:
    """A fresh entry answered; the source was not asked."""

    source: str
    age: float


@dataclass(frozen=True, slots=True)
class CacheMissed:
    """No usable entry; the source was asked."""

    source: str


@dataclass(frozen=True, slots=True)
class StaleServed:
    """An entry of ``age`` seconds past its lifetime was shown; ``reason`` says why."""

    source: str
    reason: str
    age: float


@dataclass(frozen=True, slots=True)
class RefreshBegun:
    """An entry is being refreshed beside the page that it was shown on."""

    source: str


@dataclass(frozen=True, slots=True)
class EntryConfirmed:
    """The source said that what we keep is still what it would say."""

    source: str


@dataclass(frozen=True, slots=True)
class NegativeHit:
    """A failure of a moment ago was remembered; the source was not asked."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlightJoined:
    """A call waits for one that asks the same and runs already."""

    source: str


@dataclass(frozen=True, slots=True)
class FleetWaited:
    """Another gateway asks the same: its answer is waited for."""

    source: str


@dataclass(frozen=True, slots=True)
class CacheFailed:
    """A cache did not do what it was asked (``operation`` is get or put) and was passed over."""

    cache: str
    operation: str
    reason: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class SwitchesLost:
    """What staff have changed at run time cannot be read; what was seen last goes on."""

    reason: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class SwitchesFound:
    """What staff have changed at run time can be read again."""


@dataclass(frozen=True, slots=True)
class BreakerOpened:
    """An upstream is left alone for ``seconds``; ``cause`` is failures, slowness or probe."""

    upstream: str
    cause: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BreakerHalfOpened:
    """One call may try whether the upstream is well again."""

    upstream: str


@dataclass(frozen=True, slots=True)
class BreakerClosed:
    """The upstream is well again, and asked as usual."""

    upstream: str


@dataclass(frozen=True, slots=True)
class BreakerRefused:
    """The source was not asked, because the breaker of its upstream is not closed."""

    source: str


@dataclass(frozen=True, slots=True)
class BulkheadRefused:
    """The source was not asked: ``cause`` is full (no place in the queue) or late (no time left).

    ``seconds`` is how long the call had waited. Where many are refused they may be told of
    together: ``calls`` is how many.
    """

    source: str
    cause: str
    seconds: float
    calls: int = 1


@dataclass(frozen=True, slots=True)
class BulkheadWaited:
    """A call got its turn after ``seconds`` in the queue."""

    source: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """``limit`` calls of an upstream may now run at once."""

    upstream: str
    limit: int


@dataclass(frozen=True, slots=True)
class CallRetried:
    """A call that failed for ``reason`` is made once more, after ``seconds``."""

    source: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryRefused:
    """A call was worth a retry and got none: ``cause`` is deadline, retry-after or budget."""

    source: str
    cause: str


@dataclass(frozen=True, slots=True)
class CallHedged:
    """A call had no answer after ``seconds``, and was made a second time beside the first."""

    source: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HedgeWon:
    """The second call was the one that gave the reply."""

    source: str


@dataclass(frozen=True, slots=True)
class HedgeRefused:
    """A slow call was worth a second one and got none: ``cause`` is deadline or budget."""

    source: str
    cause: str


@dataclass(frozen=True, slots=True)
class FaultDelayed:
    """A call was held up for ``seconds``, on purpose."""

    source: str
    seconds: float


@dataclass(frozen=True, slots=True)
class FaultAborted:
    """A call was made to fail, on purpose."""

    source: str


@dataclass(frozen=True, slots=True)
class ContractDrifted:
    """A reply had a ``field`` that no page declares, or lacked one that is optional.

    ``kind`` is unknown or missing. ``news`` says that nobody was told of it for a day.
    """

    source: str
    field: str
    kind: str
    news: bool


@dataclass(frozen=True, slots=True)
class FragmentSettled:
    """A fragment of a page has its outcome; ``state`` is a State's word, or ``failed``."""

    plan: str
    fragment: str
    state: str
    seconds: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FragmentCrashed:
    """A fragment failed by a fault of our own code: this one wants a traceback in the log."""

    plan: str
    fragment: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class PageComposed:
    """All fragments of a page are settled."""

    plan: str
    complete: bool
    seconds: float


Event = (
    SourceReplied
    | SourceFailed
    | SourceAbandoned
    | CallFailed
    | CallsRecovered
    | FallbackServed
    | CacheHit
    | CacheMissed
    | CacheFailed
    | StaleServed
    | RefreshBegun
    | EntryConfirmed
    | NegativeHit
    | FlightJoined
    | FleetWaited
    | SwitchesLost
    | SwitchesFound
    | BreakerOpened
    | BreakerHalfOpened
    | BreakerClosed
    | BreakerRefused
    | BulkheadRefused
    | BulkheadWaited
    | LimitChanged
    | CallRetried
    | RetryRefused
    | CallHedged
    | HedgeWon
    | HedgeRefused
    | FaultDelayed
    | FaultAborted
    | ContractDrifted
    | FragmentSettled
    | FragmentCrashed
    | PageComposed
)
Listener = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""


def all_of(*listeners: Listener) -> Listener:
    """Return one listener that tells each of ``listeners``.

    One that has a method ``hears`` is told of the kinds of event of which that is true: most events
    interest few. One that fails is reported and passed over: to listen must never break a page.
    """
    by_kind: dict[type, tuple[Listener, ...]] = {}

    def told(kind: type) -> tuple[Listener, ...]:
        asked = ((each, getattr(each, "hears", None)) for each in listeners)
        by_kind[kind] = tuple(each for each, hears in asked if hears is None or hears(kind))
        return by_kind[kind]

    def tell(event: Event) -> None:
        kind = type(event)
        heard_by = by_kind.get(kind)
        for listener in told(kind) if heard_by is None else heard_by:
            try:
                listener(event)
            except Exception:
                logger.exception("listener.failed")

    return tell
