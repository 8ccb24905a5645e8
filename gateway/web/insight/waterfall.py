"""From a record to the panel on the page: rows, bars on one scale, and the deadline as a line."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.aggregation.events import FragmentSettled, PageComposed
from gateway.aggregation.record import Record, Step, settled
from gateway.web.insight.phases import ATTEMPTS, Phase, phases_of
from gateway.web.insight.scale import percent, place
from gateway.web.insight.words import words_of

FAR = 3.0
"""A deadline of so many times what the page took is not drawn to scale: bars would be dots."""

ROOM = 0.86
"""Of the width, what such a page takes; the deadline stands at its right."""

FAR_AWAY = 0.97
_NAMES = {"queue": "turn at the door", "cache": "cache", "sql": "query", "render": "template"}
LEGEND = (
    ("queue", "waiting for a turn"),
    ("cache", "cache"),
    ("pool", "place in the pool"),
    ("connect", "connection"),
    ("wait", "first byte"),
    ("body", "body"),
    ("decode", "decoding"),
    ("render", "template"),
    ("failed", "failed or given up"),
)


@dataclass(frozen=True, slots=True)
class BarView:
    """A bar: ``x`` and ``width`` are percent of the common scale, as text for attributes."""

    kind: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A step. ``started`` and ``took`` are milliseconds; ``said`` is what happened in it."""

    name: str
    depth: int
    bars: tuple[BarView, ...]
    started: str
    took: str
    said: str
    failed: bool


@dataclass(frozen=True, slots=True)
class WaterfallView:
    """The panel. ``deadline_x`` is where its line stands; ``far`` says that it is further away."""

    total: str
    deadline: str
    deadline_x: str
    far: bool
    late: bool
    complete: bool
    rows: tuple[RowView, ...]
    legend: tuple[tuple[str, str], ...]
    left_out: int
    request_id: str
    trace_id: str
    for_staff: bool


@dataclass(frozen=True, slots=True)
class _Canvas:
    """When it begins and is drawn, how many seconds are the whole width, and what belongs where."""

    zero: float
    now: float
    scale: float
    within: Mapping[Step | None, list[Step]]


def present_waterfall(record: Record, *, for_staff: bool = True) -> WaterfallView:
    """Return the panel of a request that is being answered: what happened until now.

    ``for_staff`` says that nobody else gets to see it.
    """
    root, now = record.steps[0], record.clock()
    within: dict[Step | None, list[Step]] = defaultdict(list)
    for step in record.steps:
        within[step.within].append(step)
    total, deadline = max(now - root.began, 1e-6), record.deadline - root.began
    far = deadline > total * FAR
    canvas = _Canvas(root.began, now, total / ROOM if far else max(total, deadline), within)
    rows = tuple(_inside(root, 0, canvas))
    return WaterfallView(
        total=_ms(total),
        deadline=f"{deadline * 1000:.0f}",
        deadline_x=place(FAR_AWAY if far else deadline, 1.0 if far else canvas.scale),
        far=far,
        late=total > deadline,
        complete=all(event.complete for event in _composed(record)),
        rows=rows,
        legend=tuple(each for each in LEGEND if _is_drawn(each[0], rows)),
        left_out=record.left_out,
        request_id=root.details.get("request_id", ""),
        trace_id=record.trace_id,
        for_staff=for_staff,
    )


def _inside(outer: Step, depth: int, canvas: _Canvas) -> Iterator[RowView]:
    """Give the rows of what was done within a step, and within that."""
    inside, counts = canvas.within[outer], defaultdict[str, int](int)
    for step in inside:
        counts[step.kind] += 1
        if step.kind != "redis":
            yield _row(step, depth, canvas, counts[step.kind])
            if step.kind != "cache":  # what is within it is the look into Redis, and takes as long
                yield from _inside(step, depth + 1, canvas)
        elif counts["redis"] == 1:
            yield _redis_row([each for each in inside if each.kind == "redis"], depth, canvas)


def _row(step: Step, depth: int, canvas: _Canvas, number: int) -> RowView:
    phases, end = phases_of(step, canvas.now), settled(step)
    return RowView(
        name=_name(step, number),
        depth=depth,
        bars=tuple(_bar(phase, canvas) for phase in phases),
        started=_ms(step.began - canvas.zero),
        took=_ms(_seconds(step, end, canvas.now)),
        said=_said(step, end, phases),
        failed=bool(step.reason) or (end is not None and end.state == "failed"),
    )


def _redis_row(steps: list[Step], depth: int, canvas: _Canvas) -> RowView:
    """Return one row for all that Redis was asked within a step."""
    phases = [phase for step in steps for phase in phases_of(step, canvas.now)]
    took = [phase.ended - phase.began for phase in phases]
    words = zip(steps, took, strict=True)
    return RowView(
        name="Redis",
        depth=depth,
        bars=tuple(_bar(phase, canvas) for phase in phases),
        started=_ms(steps[0].began - canvas.zero),
        took=_ms(sum(took)),
        said=" · ".join(f"{step.name} {step.reason or _ms(each)}" for step, each in words),
        failed=any(step.reason for step in steps),
    )


def _bar(phase: Phase, canvas: _Canvas) -> BarView:
    x = place(phase.began - canvas.zero, canvas.scale)
    return BarView(phase.kind, x, percent(phase.ended - phase.began, canvas.scale))


def _name(step: Step, number: int) -> str:
    if step.kind == "http":
        return f"call {number}"
    return _NAMES.get(step.kind, step.name)


def _seconds(step: Step, end: FragmentSettled | None, now: float) -> float:
    """Return what a step took; of parts and pages the very number that Server-Timing tells."""
    if end is not None:
        return end.seconds
    for moment in step.moments:
        if isinstance(moment.what, PageComposed):
            return moment.what.seconds
    return (step.ended if step.ended is not None else now) - step.began


def _said(step: Step, end: FragmentSettled | None, phases: tuple[Phase, ...]) -> str:
    told = [words_of(moment.what) for moment in step.moments if not isinstance(moment.what, str)]
    if end is not None:
        state = f"{end.state}: {end.reason}" if end.reason else end.state
        told.insert(0, state)
    if step.kind in ATTEMPTS:
        told += [f"{phase.name} {_ms(phase.ended - phase.began)}" for phase in phases]
    elif step.reason:
        told.append(step.reason)
    return " · ".join(filter(None, told))


def _composed(record: Record) -> Iterator[PageComposed]:
    for step in record.steps:
        for moment in step.moments:
            if isinstance(moment.what, PageComposed):
                yield moment.what


def _is_drawn(kind: str, rows: tuple[RowView, ...]) -> bool:
    return any(bar.kind == kind for row in rows for bar in row.bars)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
