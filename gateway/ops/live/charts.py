"""Small charts, drawn here and not in the browser: paths of an SVG, and the same in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.telemetry.recent import STEP_SECONDS, STEPS

WIDTH, HEIGHT = 240, 44
MINUTES = round(STEPS * STEP_SECONDS / 60)
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Chart:
    """``line`` and ``area`` are path data in a box of WIDTH by HEIGHT; ``words`` say the same.

    ``second`` is another area on the same scale: what failed of what was called.
    """

    line: str
    area: str
    second: str
    words: str
    most: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be drawn."""
        return not self.line


def rate_chart(calls: Sequence[int], errors: Sequence[int], what: str = "calls") -> Chart:
    """Return the rate of ``calls`` a second, with the rate of errors in front of it."""
    rates = [each / STEP_SECONDS for each in calls]
    failed = [each / STEP_SECONDS for each in errors]
    most = max([*rates, *failed], default=0.0)
    total, wrong = sum(calls), sum(errors)
    if not total and not wrong:
        return Chart("", "", "", f"No {what} in the last {MINUTES} minutes.", "")
    words = (
        f"{total:,} {what} in the last {MINUTES} minutes, {_rate(most)} at most in five seconds; "
        f"{wrong:,} failed upstream."
    )
    area = _area(rates, most)
    return Chart(_line(rates, most), area, _area(failed, most) if wrong else "", words, _rate(most))


def time_chart(p95: Sequence[float | None]) -> Chart:
    """Return how long 95 of 100 answers took, step by step; a gap where there were none."""
    known = [each for each in p95 if each is not None]
    if not known:
        return Chart("", "", "", f"No answer was timed in the last {MINUTES} minutes.", "")
    most = max(known)
    words = (
        f"95 of 100 answers took between {_ms(min(known))} and {_ms(most)} in the last "
        f"{MINUTES} minutes, {_ms(known[-1])} of late."
    )
    return Chart(_line(p95, most), "", "", words, _ms(most))


def _line(values: Sequence[float | None], most: float) -> str:
    """Return a path through ``values``; it is broken where there is none."""
    parts, pen_is_down = [], False
    for x, value in _across(values):
        if value is None:
            pen_is_down = False
            continue
        # A value alone between two gaps is a stroke of its own, or nobody would see it.
        parts.append(f"{'L' if pen_is_down else 'M'}{x:g} {_y(value, most):g}h{_GAP:g}")
        pen_is_down = True
    return "".join(parts)


def _area(values: Sequence[float], most: float) -> str:
    """Return the outline of a bar for each value that is more than nothing."""
    width = WIDTH / max(1, len(values))
    return "".join(
        f"M{x:g} {HEIGHT}V{_y(value, most):g}h{width:g}V{HEIGHT}z"
        for x, value in _across(values)
        if value
    )


def _across(values: Sequence[float | None]) -> Iterable[tuple[float, float | None]]:
    step = WIDTH / max(1, len(values))
    return ((round(number * step, 1), value) for number, value in enumerate(values))


def _y(value: float, most: float) -> float:
    top = 3.0  # so that the line is not cut off at the upper edge
    return round(HEIGHT - (HEIGHT - top) * (value / most if most else 0.0), 1)


def _rate(rate: float) -> str:
    return f"{rate:.3g}/s"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
