"""The record of one request: what was done for it, within what, from when to when.

It is a tree of steps. Each has moments: words that whoever does the work notes, and the events that
the engine reports meanwhile. The step that is under way is kept in a context variable, so that
tasks inherit it, and two calls of one source that run side by side do not get mixed up. Most
requests have no record: then a step is nothing, and costs one look at that variable.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple

from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import Event, FragmentSettled

MOST_STEPS = 200
MOST_MOMENTS = 1_000
"""Of one record: what a page does beyond is not kept, only counted."""

Clock = Callable[[], float]


class Moment(NamedTuple):
    """What happened in a step, and when: a word that was noted, or an event."""

    at: float
    what: str | Event


@dataclass(slots=True, eq=False)
class Step:
    """Something that was done: ``began`` and ``ended`` are instants on the record's clock.

    ``ended`` is None while it goes on, and for good where nobody waited for its end. ``reason`` is
    a word where it failed or was given up. ``details`` are texts of our own, such as SQL without
    its values. ``id`` is 16 hexadecimal digits.
    """

    kind: str
    name: str
    record: "Record" = field(repr=False)
    within: "Step | None" = field(repr=False)
    began: float
    id: str
    ended: float | None = None
    reason: str = ""
    moments: list[Moment] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Step":
        _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.end(_reason_of(error))
        _current.set(self.within)

    def end(self, reason: str = "") -> None:
        """Take note that it is over, and why if it failed. What is over stays so."""
        if self.ended is None and not self.record.closed:
            self.ended, self.reason = self.record.clock(), reason

    @property
    def traceparent(self) -> str:
        """The W3C trace context of a call that is made within this step."""
        return f"00-{self.record.trace_id}-{self.id}-{'01' if self.record.sampled else '00'}"


@dataclass(slots=True, eq=False)
class Record:
    """What was done for one request. ``deadline`` is an instant on ``clock``, in seconds.

    ``trace_id`` is 32 hexadecimal digits; ``sampled`` says whether anybody collects the trace.
    ``left_out`` counts what was one too many. The wall's clock is ``wall_offset`` ahead of ours.
    """

    trace_id: str
    sampled: bool
    deadline: float
    clock: Clock = time.monotonic
    wall_offset: float = field(default_factory=lambda: time.time() - time.monotonic())
    steps: list[Step] = field(default_factory=list)
    moments: int = 0
    left_out: int = 0
    closed: bool = False

    def begin(self, kind: str, name: str, within: Step | None, began: float | None = None) -> Step:
        """Add a step that begins now, or began at an earlier instant."""
        came = self.clock() if began is None else began
        number = random.getrandbits(64) or 1
        made = Step(kind, name, self, within, came, f"{number:016x}")
        self.steps.append(made)
        return made

    def close(self) -> None:
        """Keep what there is, and take nothing more: work beside the page goes on for longer."""
        self.closed = True


_current: ContextVar[Step | None] = ContextVar("step", default=None)
_NOTHING: "AbstractContextManager[None, None]" = nullcontext()


def current_step() -> Step | None:
    """Return the step that is under way; None where nothing is recorded (any more)."""
    step_ = _current.get()
    return step_ if step_ is not None and not step_.record.closed else None


def step(kind: str, name: str) -> "AbstractContextManager[Step | None, None]":
    """Return the context of a step within the one that is under way; of None where there is none.

    It may be entered once, by whoever asked for it.
    """
    within = _current.get()
    if within is None or within.record.closed:
        return _NOTHING
    if len(within.record.steps) >= MOST_STEPS:
        within.record.left_out += 1
        return _NOTHING
    return within.record.begin(kind, name, within)


def note(what: str | Event, at: float | None = None) -> None:
    """Take note of a moment of the step that is under way: now, or at an instant just past.

    It is a listener, too.
    """
    step_ = _current.get()
    if step_ is None or step_.record.closed:
        return
    record = step_.record
    if record.moments >= MOST_MOMENTS:
        record.left_out += 1
        return
    record.moments += 1
    step_.moments.append(Moment(record.clock() if at is None else at, what))


def settled(step_: Step) -> FragmentSettled | None:
    """Return what became of the fragment that ``step_`` is, as its plan's step was told.

    None for any other step, and for a fragment whose page is not composed yet.
    """
    if step_.kind != "fragment" or step_.within is None:
        return None
    told = (moment.what for moment in step_.within.moments)
    ends = (end for end in told if isinstance(end, FragmentSettled) and end.fragment == step_.name)
    return next(ends, None)


def _reason_of(error: BaseException | None) -> str:
    """Return why a step failed, in one word; empty where it did not."""
    match error:
        case None:
            return ""
        case SourceError():
            return error.reason
        case asyncio.CancelledError():
            return "given-up"
        case _:
            return "crashed"
