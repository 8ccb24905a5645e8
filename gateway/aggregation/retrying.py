"""Rule of retries: whether a call that failed is made once more, and after how long.

Full jitter (Brooker, "Exponential Backoff and Jitter"): a random share of the pause, so that those
who failed together do not come back together.
"""

from dataclasses import dataclass
from random import Random

from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import BadStatus, SourceError
from gateway.aggregation.latency import MEDIAN, Latency
from gateway.aggregation.verdict import may_pass


@dataclass(frozen=True, slots=True)
class Retrying:
    """What a retry is decided by.

    ``latency`` is that of the source, as ``measure`` sees it; while it knows nothing,
    ``expected_seconds`` stands in: best the source's timeout. ``pause_seconds`` is the longest
    pause before a retry. Calls that are not ``idempotent`` are never made twice.
    """

    budget: Budget
    latency: Latency
    random: Random
    pause_seconds: float = 0.05
    expected_seconds: float = 0.4
    idempotent: bool = True


@dataclass(frozen=True, slots=True)
class Again:
    """Make the call once more, after ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NotAgain:
    """Leave it at that; ``cause`` says why, and is None where a retry would help nobody."""

    cause: str | None = None


def decide(
    error: SourceError, retrying: Retrying, left_seconds: float, now: float
) -> Again | NotAgain:
    """Return what is to follow on ``error``, ``left_seconds`` before the deadline.

    A retry must be likelier than not to succeed in time: the pause and the source's median must fit
    into what is left. The median and not the tail, which is the business of hedging.
    """
    if not retrying.idempotent or not may_pass(error):
        return NotAgain()
    pause = retrying.random.uniform(0.0, retrying.pause_seconds)
    asked = error.retry_after_seconds if isinstance(error, BadStatus) else None
    if asked is not None and not asked <= 0:
        pause += asked
    median = retrying.latency.quantile(MEDIAN)
    expected = retrying.expected_seconds if median is None else median
    # Both comparisons are written so that what is no number does not fit: the source wrote it.
    if not pause + expected <= left_seconds:
        return NotAgain("deadline" if asked is None else "retry-after")
    return Again(pause) if retrying.budget.spend(now) else NotAgain("budget")
