"""The plan for a person at a terminal: aligned, in plain words, nothing but text."""

import math
import textwrap
from collections.abc import Iterable, Iterator

from gateway.ops.explain.model import (
    Bound,
    Explained,
    Figure,
    FragmentPlan,
    Kept,
    Measured,
    PagePlan,
    StepPlan,
)

WIDTH = 100
_LABEL = 10
_PAST = "more than every bound that is counted"


def told(explained: Explained) -> str:
    """Return all pages as text."""
    return "\n\n".join("\n".join(_page(page)) for page in explained.pages)


def _page(page: PagePlan) -> Iterator[str]:
    yield f"{page.name}   {'  '.join(page.paths)}"
    yield from _line(2, "at worst", f"{_seconds(page.worst.seconds)}, {_calls(page.worst)} a view")
    if page.measured is not None:
        yield from _line(2, "measured", _measured(page.measured, "complete"))
    for number, step in enumerate(page.steps, 1):
        yield from _step(step, number if len(page.steps) > 1 else 0)


def _step(step: StepPlan, number: int) -> Iterator[str]:
    then = f"step {number}: {step.name}, " if number else ""
    yield from _line(2, "budget", f"{then}{_figure(step.budget)}")
    for fragment in step.fragments:
        yield ""
        yield from _fragment(fragment)


def _fragment(each: FragmentPlan) -> Iterator[str]:
    many = f", {each.many} of them at once" if each.many > 1 else ""
    yield f"  {each.name}{'   PRIMARY' if each.primary else ''}{many}"
    needs = f"; nobody is asked without {each.needs}" if each.needs else ""
    yield from _line(4, "asks", f"{each.asked}{needs}")
    if each.off:
        yield from _line(4, "OFF", f"nobody is asked: {each.off}")
    yield from _line(4, "stack", each.formula)
    yield from _line(4, "timeout", _timeout(each))
    yield from _kept(each.kept)
    yield from _line(4, "at worst", _worst(each))
    yield from _line(4, "if it dies", each.if_it_dies)
    if each.measured is not None:
        yield from _line(4, "measured", _measured(each.measured, "live or fresh"))


def _timeout(each: FragmentPlan) -> str:
    if each.timeout is None or each.effective_seconds is None:
        return "none of its own"
    cut = each.effective_seconds < each.timeout.seconds
    why = f", but the page leaves {_seconds(each.effective_seconds)}" if cut else ""
    return f"{_figure(each.timeout)}{why}"


def _kept(kept: Kept | None) -> Iterator[str]:
    if kept is None:
        yield from _line(4, "kept", "never")
        return
    yield from _line(4, "key", " + ".join(kept.key))
    yield from _line(
        4,
        "kept",
        f"fresh for {_figure(kept.fresh)} at most, stale for {_figure(kept.stale)} more; a bad "
        f"answer is remembered for {_seconds(kept.failure_seconds)}, or up to "
        f"{_seconds(kept.failure_most_seconds)} if it asks for that",
    )


def _worst(each: FragmentPlan) -> str:
    share = f"; over time at most {each.extra_share * 100:.3g} % more calls than views"
    why = f" ({'; '.join(each.worst.why)})" if each.worst.why else ""
    more = share if each.extra_share else ""
    return f"{_seconds(each.worst.seconds)}, {_calls(each.worst)}{more}{why}"


def _measured(seen: Measured, whole: str) -> str:
    if not seen.calls:
        return "nothing yet"
    parts = [f"{seen.calls} times"]
    for name, seconds in (("p50", seen.p50_seconds), ("p95", seen.p95_seconds)):
        if seconds is not None:
            past = math.isinf(seconds)
            parts.append(f"{name} {_PAST if past else _seconds(seconds)}")
    for share, of in ((seen.hit_share, "found in the cache"), (seen.whole_share, whole)):
        if share is not None:
            parts.append(f"{share * 100:.3g} % {of}")
    return ", ".join(parts)


def _figure(figure: Figure) -> str:
    source = f"{figure.setting}, {figure.origin}" if figure.setting else "in the code"
    return f"{_seconds(figure.seconds)} ({source})"


def _seconds(seconds: float) -> str:
    if math.isinf(seconds):
        return "any time"
    return f"{seconds:.0f} s" if seconds >= 100 else f"{seconds:.3g} s"


def _calls(bound: Bound) -> str:
    return "1 call upstream" if bound.calls == 1 else f"{bound.calls} calls upstream"


def _line(indent: int, label: str, text: str) -> Iterable[str]:
    first = f"{' ' * indent}{label:<{_LABEL}} "
    return textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
