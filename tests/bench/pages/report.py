"""What was measured, as Markdown for people and as JSON for machines."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.pages import contenders as who
from tests.bench.pages.measures import THE_SOURCE, Measured
from tests.bench.pages.rules import Target, judged, middle, ratio, table, times, written

AGAINST_TAILOR = (
    (who.COLD, (0.5, 1)),
    (who.PERSONAL, (1, 2)),
    (who.ANONYMOUS, (1.5, 3)),
)
TARGETS = (
    Target(who.COLD.format("Daphne"), who.TUTORIAL_DAPHNE, 25),
    Target(who.COLD.format("uvicorn"), who.TUTORIAL_UVICORN, 25),
    *(
        Target(name.format(server), tailor, least)
        for tailor in (who.TAILOR, who.TAILOR_KEPT)
        for name, bounds in AGAINST_TAILOR
        for server, least in zip(who.SERVERS, bounds, strict=True)
    ),
    Target(who.EDGE, who.SSI, 2),
)
LATE_TARGET = "≤ 3 / 15"
FIRST_TARGET_MS = 30
BASE = who.TAILOR


def sections(measured: Measured) -> Iterator[str]:
    """Yield what there is to say, a section at a time."""
    if measured.speed:
        yield "### Pages a second, one core\n\n" + _speed(measured)
        yield "### Against the targets\n\n" + _targets(measured)
    if measured.late:
        yield (
            "### Milliseconds over the slowest source (p50 / p99), which takes 50 ms\n\n"
            f"Asked of ours at 16 connections: {LATE_TARGET}. Nothing is kept.\n\n"
            + _late(measured)
        )
    if measured.first:
        yield (
            "### First byte and whole page, while one source takes 2 s (ms)\n\n"
            f"Asked of ours: a first byte within {FIRST_TARGET_MS}. Nothing is kept.\n\n"
            + _first(measured)
        )
    if measured.left_out:
        lines = [f"- {name}: {why}" for name, why in measured.left_out.items()]
        yield "### Left out\n\n" + "\n".join(lines)


def heading(machine: Mapping[str, str]) -> str:
    """Return what was measured on, in a paragraph."""
    hardware = ("processor", "cores", "system", "python")
    versions = ", ".join(
        f"{name} {known}" for name, known in machine.items() if name not in hardware
    )
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}; {versions}.\n\n"
        "Servers on one core, load and upstreams on another; rounds are interleaved, figures are "
        "medians of the rounds, ratios are medians of the ratios within a round."
    )


def raw(machine: Mapping[str, str], measured: Measured) -> dict[str, Any]:
    """Return all rounds as plain values; JSON has no word for a figure that there is not."""
    return {"machine": dict(machine), **_nameable(asdict(measured))}


def _nameable(value: Any) -> Any:
    match value:
        case dict():
            return {name: _nameable(each) for name, each in value.items()}
        case list():
            return [_nameable(each) for each in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _speed(measured: Measured) -> str:
    lacks = {each.name: each.lacks for each in who.everybody()}
    head = ("", "pages/s", f"of {BASE}", "per s of processor", f"of {BASE} ", "bytes", "p99 ms")
    rows = []
    for name, rounds in measured.speed.items():
        figures = [each.pages for each in rounds]
        used = [each.pages_of_processor for each in rounds]
        failed = sum(each.failed for each in rounds)
        rows.append(
            (
                name + (f" ({failed} failed)" if failed else ""),
                written(middle(figures)),
                times(ratio(figures, _pages(measured, BASE))),
                written(middle(used)),
                times(ratio(used, _used(measured, BASE))),
                written(measured.sizes.get(name, 0)),
                written(middle([each.p99 for each in rounds]), 1),
            )
        )
    missing = [f"- {name}: {lacks[name]}." for name in measured.speed if lacks.get(name)]
    return "\n".join([table(head, rows), "", "What they do not do:", "", *missing])


def _targets(measured: Measured) -> str:
    by_clock = {name: _pages(measured, name) for name in measured.speed}
    by_core = {name: _used(measured, name) for name in measured.speed}
    rows = []
    for target in TARGETS:
        clock, core = judged(target, by_clock), judged(target, by_core)
        rows.append(
            (
                f"{target.who}, against {target.than}",
                f"≥ {target.times:g} ×",
                times(clock.ratio),
                times(core.ratio),
                clock.verdict,
            )
        )
    return table(("", "asked", "by the clock", "by processor time", ""), rows)


def _late(measured: Measured) -> str:
    names = list(next(iter(measured.late.values())))
    head = ("", *(_connections(number) for number in measured.late), "pages")
    rows = []
    for name in names:
        cells, pages = [], 0
        for rounds in measured.late.values():
            seen = rounds[name]
            pages += sum(each.pages for each in seen)
            p50, p99 = middle([each.p50 for each in seen]), middle([each.p99 for each in seen])
            cells.append(f"{written(p50, 1)} / {written(p99, 1)}")
        rows.append((f"*{name}*" if name == THE_SOURCE else name, *cells, written(pages)))
    return table(head, rows)


def _first(measured: Measured) -> str:
    rows = [
        (
            name,
            written(middle([each.first * 1000 for each in asked]), 1),
            written(middle([each.whole * 1000 for each in asked]), 1),
        )
        for name, asked in measured.first.items()
    ]
    return table(("", "first byte", "whole page"), rows)


def _pages(measured: Measured, name: str) -> Sequence[float]:
    return [each.pages for each in measured.speed.get(name, ())]


def _used(measured: Measured, name: str) -> Sequence[float]:
    return [each.pages_of_processor for each in measured.speed.get(name, ())]


def _connections(number: int) -> str:
    return "1 connection" if number == 1 else f"{number} connections"
