"""From a comparison to what its page shows: milliseconds, and bars on one common scale."""

from dataclasses import dataclass
from typing import Any

from gateway.storefront.compare.results import Comparison, Run, Step
from gateway.storefront.compare.strategies import AT_ONCE, AWAITED, BLOCKING
from gateway.web.insight.scale import percent, place

WORTH_A_WORD = 1.1
"""So many times as fast is told as a number."""

PARTS = {
    "promo": "Offers",
    "recco": "Recommendations",
    "membership": "Your membership",
    "arrivals": "New arrivals",
}
_WORDS = {
    "timeout": "no answer in time",
    "refused": "refused",
    "open": "not asked: it failed too often of late",
    "cancelled": "given up",
}


@dataclass(frozen=True, slots=True)
class StrategyText:
    """What a strategy is called, and what one sees."""

    title: str
    how: str
    why: str


_TEXTS = {
    BLOCKING: StrategyText(
        "Blocking",
        "A view of the old kind: a thread asks the first source, stands still until it has "
        "answered, then asks the next, over new connections each time.",
        "All waits add up, and while it waits the thread is there for nobody else.",
    ),
    AWAITED: StrategyText(
        "One await after another",
        "The same in an async view: await the first source, then await the second.",
        "All waits still add up. Others are served meanwhile, but this page is hardly sooner "
        "there.",
    ),
    AT_ONCE: StrategyText(
        "All at once",
        "What the home page does: ask all of them, then wait once.",
        "The page takes as long as its slowest source. The others cost nothing.",
    ),
}


@dataclass(frozen=True, slots=True)
class BarView:
    """A step: ``x`` and ``width`` are percent of the common scale, as text for attributes."""

    name: str
    started: str
    took: str
    x: str
    width: str
    failed: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A strategy with its bars."""

    key: str
    text: StrategyText
    total: str
    parts_sum: str
    longest: str
    unfinished: bool
    bars: tuple[BarView, ...]
    x: str
    width: str


def present_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return the page's values of a comparison."""
    scale = max((run.seconds for run in comparison.runs), default=0.0) or 1.0
    runs = [_run(run, scale) for run in comparison.runs]
    return {
        "runs": runs,
        "delay": round(comparison.delay_seconds * 1000),
        "conclusion": _conclusion(comparison),
        "failed": any(step.reason for run in comparison.runs for step in run.steps),
    }


def _run(run: Run, scale: float) -> RunView:
    seconds = [step.seconds for step in run.steps]
    return RunView(
        key=run.strategy,
        text=_TEXTS[run.strategy],
        total=_ms(run.seconds),
        parts_sum=_ms(sum(seconds)),
        longest=_ms(max(seconds, default=0.0)),
        unfinished=not run.finished,
        bars=tuple(_bar(step, scale) for step in run.steps),
        x="0",
        width=percent(run.seconds, scale),
    )


def _bar(step: Step, scale: float) -> BarView:
    return BarView(
        name=PARTS.get(step.name, step.name),
        started=_ms(step.started),
        took=_ms(step.seconds),
        x=place(step.started, scale),
        width=percent(step.seconds, scale),
        failed=_WORDS.get(step.reason, step.reason.replace("-", " ")),
    )


def _conclusion(comparison: Comparison) -> str:
    """Say in a sentence how the first and the last compare; nothing where one has no end."""
    by_name = {run.strategy: run for run in comparison.runs if run.finished}
    if not {BLOCKING, AT_ONCE} <= by_name.keys():
        return ""
    slow, quick = by_name[BLOCKING].seconds, by_name[AT_ONCE].seconds
    if quick <= 0 or slow < quick * WORTH_A_WORD:
        return (
            "Asking at once was hardly faster this time. It wins most where the sources take "
            "about equally long."
        )
    return f"Asking at once was {slow / quick:.1f} times as fast as the blocking view."


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:.0f}"
