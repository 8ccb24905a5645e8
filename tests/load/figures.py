"""What visitors saw, as figures. Plain code: no clock, no connection."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.load.visitors import Answer, Seen

BUDGET_SECONDS = 0.8
"""Of a page: PAGE_BUDGET_SECONDS, as it is where nobody sets it."""


@dataclass(frozen=True)
class Figures:
    """One load in figures; ``goodput`` is pages a second that were whole and in time."""

    goodput: float
    served: list[float]
    """Seconds of the pages that were whole and in time."""
    refused: list[float]
    """Seconds of the answers that were 503."""
    waved_on: int
    """503s that say when to come back."""
    incomplete: int
    late: int
    broken: int
    """No answer, or another status."""
    livez: list[float]
    livez_silent: int
    ops: list[float]
    ops_silent: int
    lost: int


def figures(seen: Seen) -> Figures:
    """Return what ``seen`` amounts to."""
    pages = [each for each in seen.answers if each.status == 200]
    refusals = [each for each in seen.answers if each.status == 503]
    good = [each.seconds for each in pages if is_good(each)]
    return Figures(
        goodput=len(good) / seen.seconds,
        served=good,
        refused=[each.seconds for each in refusals],
        waved_on=sum(each.retry_after.isdigit() for each in refusals),
        incomplete=sum(not each.complete for each in pages),
        late=sum(each.complete and each.seconds > BUDGET_SECONDS for each in pages),
        broken=len(seen.answers) - len(pages) - len(refusals),
        livez=[each.seconds for each in seen.livez],
        livez_silent=sum(each.status != 200 for each in seen.livez),
        ops=[each.seconds for each in seen.ops],
        ops_silent=sum(each.status not in (200, 302) for each in seen.ops),
        lost=seen.lost,
    )


def is_good(answer: Answer) -> bool:
    """Whether it is a page, whole and in time."""
    return answer.status == 200 and answer.complete and answer.seconds <= BUDGET_SECONDS


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that ``share`` of them do not exceed; NaN where there are none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def back_after(seen: Seen, goodput: float, window_seconds: float = 1.0) -> float:
    """Return when (seconds) a window begins that has ``goodput``; infinity where none has."""
    times = sorted(each.at for each in seen.answers if is_good(each))
    step = window_seconds / 4
    for number in range(int((seen.seconds - window_seconds) / step) + 1):
        begin = number * step
        within = sum(begin <= at < begin + window_seconds for at in times)
        if within >= goodput * window_seconds:
            return begin
    return math.inf


def milliseconds(values: Sequence[float]) -> str:
    """Return median and 99th percentile of seconds, in milliseconds, for a table."""
    if not values:
        return "–"
    return f"{percentile(values, 0.5) * 1000:.0f} / {percentile(values, 0.99) * 1000:.0f}"
