"""What figures come to. Plain code: no clock, no connection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Rounds = Mapping[str, Sequence[float]]
"""By contender, one figure for each round; the rounds of all are interleaved."""

UNKNOWN = "–"


@dataclass(frozen=True)
class Target:
    """What is asked of ``who``: at least ``times`` as many pages as ``than`` in the same rounds."""

    who: str
    than: str
    times: float


@dataclass(frozen=True)
class Judged:
    """A target, and the ratio that was measured; NaN where one of the two was not there."""

    target: Target
    ratio: float

    @property
    def verdict(self) -> str:
        """In a word: met, missed, or not measured."""
        if math.isnan(self.ratio):
            return "not measured"
        return "met" if self.ratio >= self.target.times else "**missed**"


def middle(figures: Sequence[float]) -> float:
    """Return the median; NaN of nothing."""
    return float(median(figures)) if figures else math.nan


def ratio(figures: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the rounds' ratios; NaN where no round has one.

    Round by round, so that whatever slowed the machine down for a while counts for both. A round in
    which one of the two came to nothing tells of the machine alone, and is left out.
    """
    pairs = zip(figures, others, strict=False)
    return middle([ours / theirs for ours, theirs in pairs if ours and theirs])


def judged(target: Target, rounds: Rounds) -> Judged:
    """Return what ``rounds`` say of ``target``."""
    return Judged(target, ratio(rounds.get(target.who, ()), rounds.get(target.than, ())))


def over(seconds: Sequence[float], slowest_seconds: float, share: float) -> float:
    """Return the milliseconds that ``share`` of the pages took at most over their slowest source.

    NaN where there were no pages.
    """
    if not seconds:
        return math.nan
    ranked = sorted(seconds)
    return (ranked[max(0, math.ceil(share * len(ranked)) - 1)] - slowest_seconds) * 1000


def written(figure: float, digits: int = 0) -> str:
    """Return a figure for people; a dash where there is none."""
    if not math.isfinite(figure):
        return UNKNOWN
    return f"{figure:,.{digits}f}"


def times(figure: float) -> str:
    """Return a ratio for people, in three figures; a dash where there is none."""
    if not math.isfinite(figure):
        return UNKNOWN
    digits = 2 if figure < 10 else 1 if figure < 100 else 0
    return f"{figure:,.{digits}f} ×"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are flush right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(_line(cells) for cells in (head, rule, *rows))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
