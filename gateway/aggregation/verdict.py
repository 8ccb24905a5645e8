"""What an error says about its source, and whether the same call may fare better: one table.

Our own refusals (busy, full, open) and a call that was cancelled say nothing of the source.
"""

from enum import Enum

from gateway.aggregation.errors import (
    BadReply,
    BadStatus,
    FaultInjected,
    SourceDisconnected,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
    SourceUnresolved,
)

FAIR_SECONDS = 0.05
"""A source that had less time than this cannot be blamed for not having answered in it."""

_OVERLOADED = (429, 503)
_OUR_OWN_QUESTION = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_FAILURES = (
    SourceTimeout,
    SourceRefused,
    SourceUnresolved,
    SourceUnreachable,
    SourceDisconnected,
    BadReply,
    FaultInjected,
)
_PASSING = (SourceRefused, SourceUnreachable, SourceDisconnected, FaultInjected)


class Verdict(Enum):
    """What a call proves about its source."""

    WELL = "well"
    FAILED = "failed"
    NOTHING = "nothing"


def verdict(error: SourceError, seconds: float) -> Verdict:
    """Return what ``error``, after ``seconds`` with the source, proves about it.

    A status of 400 to 499 blames the question, so that the source is well; except 429, with which
    it asks to be left alone. ``SourceRejected`` may mean either, and proves nothing.
    """
    if isinstance(error, BadStatus) and error.status in _OUR_OWN_QUESTION:
        return Verdict.FAILED if error.status in _OVERLOADED else Verdict.WELL
    if isinstance(error, SourceTimeout) and seconds < FAIR_SECONDS:
        return Verdict.NOTHING
    return Verdict.FAILED if isinstance(error, _FAILURES) else Verdict.NOTHING


def speaks_of_overload(error: SourceError, seconds: float) -> bool:
    """Return whether ``error`` is what a source does that has too much to do."""
    if isinstance(error, BadStatus):
        return error.status in _OVERLOADED
    return isinstance(error, SourceTimeout) and seconds >= FAIR_SECONDS


def may_pass(error: SourceError) -> bool:
    """Return whether the same call, made again at once, may well succeed.

    A status below 500 and a reply that breaks the contract would come back the same. A name that
    has no address gets none within milliseconds. A call that ran out of time was hedged when it was
    late, and another would only make the page later. Our own refusals mean what they say.
    """
    if isinstance(error, BadStatus):
        return error.status in _SERVER_ERRORS
    return isinstance(error, _PASSING)
