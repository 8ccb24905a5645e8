"""Reckoning: rates, shares and percentiles out of what was counted of late."""

from gateway.ops.live.model import DoorNow, PagesNow, Series, Spread
from gateway.ops.live.ourselves import Doorkeeper
from gateway.telemetry.recent import STEP_SECONDS, Count, Line, Recent, Step

MINUTE = int(60 / STEP_SECONDS)
MINUTES = 5 * MINUTE


def per_second(step: Step, count: Count, recent: Recent) -> float:
    """Return the rate of ``count`` in ``step``, which holds the last minute."""
    return round(step.counts[count] / recent.covered(60.0), 3)


def share(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole``; None where there is nothing to take a part of."""
    return round(part / whole, 4) if whole else None


def spread(step: Step) -> Spread:
    """Return the percentiles of what was timed in ``step``."""
    return Spread(*(_rounded(step.quantile(each)) for each in (0.5, 0.95, 0.99)))


def series(line: Line, now: int) -> Series:
    """Return a line's steps, a value for each."""
    steps = list(line.steps(now))
    return Series(
        calls=tuple(step.calls if step else 0 for step in steps),
        errors=tuple(step.counts[Count.ERRORS] if step else 0 for step in steps),
        p95=tuple(_rounded(step.p95(now)) if step else None for step in steps),
    )


def door_now(door: Doorkeeper | None, recent: Recent) -> DoorNow:
    """Return how full it is, and how many are turned away."""
    minute = recent.door.together(recent.now, MINUTE)
    late = minute.reasons.get("late", 0)
    seconds = recent.covered(60.0)
    return DoorNow(
        limit=door.limit if door else 0,
        inside=door.inside if door else 0,
        refused=round((minute.counts[Count.REFUSED] - late) / seconds, 3),
        late=round(late / seconds, 3),
    )


def pages_now(recent: Recent) -> PagesNow:
    """Return how many pages were composed, how many of them whole, and how long that took."""
    minute = recent.pages.together(recent.now, MINUTE)
    whole, parts = minute.counts[Count.LIVE], minute.counts[Count.STALE]
    return PagesNow(
        rate=round((whole + parts) / recent.covered(60.0), 3),
        complete_share=share(whole, whole + parts),
        seconds=spread(recent.pages.together(recent.now, MINUTES)),
        series=series(recent.pages, recent.now),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 5)
