"""Composing a page: ask every fragment's source at once, keep what is there in time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from gateway.aggregation.background import done_within, give_up
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    PrimaryFailed,
    SourceCancelled,
    SourceCrashed,
    SourceError,
    SourceTimeout,
)
from gateway.aggregation.events import (
    FragmentCrashed,
    FragmentSettled,
    Listener,
    PageComposed,
    nobody,
)
from gateway.aggregation.record import current_step, step
from gateway.aggregation.source import Call, Reply, Source, State, look_into


class Declared(Protocol):
    """What a plan must know of a source: its name, and the arguments that its reply depends on."""

    @property
    def name(self) -> str: ...

    @property
    def asks(self) -> tuple[str, ...]: ...


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named part of a page. If a primary one fails, the page fails.

    ``args`` are its own, beside those of the page's call, and win over them: with these, several
    fragments of a page ask one source for different things.
    """

    name: str
    source: Declared
    primary: bool = False
    args: Mapping[str, Any] = field(default_factory=_nothing, hash=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a page is made of, and the seconds in which all of it must be there."""

    name: str
    budget_seconds: float
    fragments: tuple[Fragment, ...]

    def __post_init__(self) -> None:
        names = [fragment.name for fragment in self.fragments]
        if len(set(names)) != len(names):
            raise ValueError(f"plan {self.name!r} names a fragment twice: {', '.join(names)}")


@dataclass(frozen=True, slots=True)
class Failed:
    """The outcome of a fragment for which there is no value."""

    error: SourceError


Outcome = Reply | Failed


@dataclass(frozen=True, slots=True)
class Composition:
    """A composed page: one outcome per fragment, in the order of the plan, and what each took.

    ``seconds`` and ``page_seconds`` are durations in seconds.
    """

    plan: str
    outcomes: Mapping[str, Outcome]
    seconds: Mapping[str, float]
    page_seconds: float

    @property
    def complete(self) -> bool:
        """Whether every fragment is live or fresh."""
        for outcome in self.outcomes.values():
            if not isinstance(outcome, Reply) or outcome.state not in _WHOLE:
                return False
        return True


_WHOLE = (State.LIVE, State.FRESH)
SourceOf = Callable[[Declared], Source]


def state_of(outcome: Outcome) -> str:
    """Return the outcome's state as a word: live, fresh, stale, fallback or failed."""
    return outcome.state.value if isinstance(outcome, Reply) else "failed"


def reason_of(outcome: Outcome) -> str | None:
    """Return why the outcome is not what was hoped for; None when it is."""
    return outcome.reason if isinstance(outcome, Reply) else outcome.error.reason


async def compose(
    plan: Plan, call: Call, source_of: SourceOf, emit: Listener = nobody
) -> Composition:
    """Ask the sources of all fragments of ``plan`` at once and return what there is in time.

    A fragment fails alone. One that is not there at the deadline is given up and counts as timed
    out; nothing waits for its end. As soon as a primary fragment fails, the rest is given up and
    ``PrimaryFailed`` is raised. Cancelling this cancels every source.
    """
    deadline = call.deadline.within(plan.budget_seconds)
    started = deadline.clock()
    handed_down = call.due(deadline.reserve())
    at_hand, tasks = _ask(plan, handed_down, source_of)
    if tasks:
        try:
            await _wait(plan, tasks, deadline)
        finally:
            give_up(tasks.values())
    page = _composition(plan, at_hand, tasks, deadline, started)
    _report(page, emit)
    _judge(plan, page)
    return page


def compose_at_hand(
    plan: Plan, call: Call, source_of: SourceOf, emit: Listener = nobody
) -> Composition | None:
    """Return the page of ``plan`` if all of it is at hand, at once; else None.

    Then ``compose`` has to ask for what is not, and it tells of the page. What a source that was
    looked into has told, it has told.
    """
    deadline = call.deadline.within(plan.budget_seconds)
    started = deadline.clock()
    at_hand: _AtHand = {}
    for fragment in plan.fragments:
        settled = _look(fragment, _narrowed(fragment, call), source_of)
        if settled is None:
            return None
        at_hand[fragment.name] = settled
    page = _composition(plan, at_hand, {}, deadline, started)
    _report(page, emit)
    return page


class _Settled(NamedTuple):
    outcome: Outcome
    seconds: float


_AtHand = dict[str, _Settled]
_Tasks = dict[str, "asyncio.Task[_Settled]"]


def _ask(plan: Plan, call: Call, source_of: SourceOf) -> tuple[_AtHand, _Tasks]:
    """Return what was at hand, and a task for each of the other fragments."""
    at_hand: _AtHand = {}
    tasks: _Tasks = {}
    loop = asyncio.get_running_loop()
    is_recorded = current_step() is not None  # then each fragment is a step, and takes the long way
    for fragment in plan.fragments:
        asked = _narrowed(fragment, call)
        if not is_recorded and (settled := _look(fragment, asked, source_of)) is not None:
            at_hand[fragment.name] = settled
            continue
        tasks[fragment.name] = loop.create_task(
            _settle(fragment, asked, source_of), name=f"{plan.name}/{fragment.name}"
        )
    return at_hand, tasks


def _look(fragment: Fragment, call: Call, source_of: SourceOf) -> _Settled | None:
    """Return the outcome of a fragment whose source has its answer at hand; None otherwise.

    What goes wrong here goes wrong again where the source is called, and is told there.
    """
    clock = call.deadline.clock
    started = clock()
    try:
        look = look_into(source_of(fragment.source))
        reply = look(call) if look else None
    except Exception:  # noqa: BLE001 - told by _settle
        return None
    return _Settled(reply, clock() - started) if isinstance(reply, Reply) else None


async def _settle(fragment: Fragment, call: Call, source_of: SourceOf) -> _Settled:
    """Turn whatever the fragment's source does into an outcome."""
    clock = call.deadline.clock
    started = clock()
    name = fragment.source.name
    outcome: Outcome
    try:
        with step("fragment", fragment.name):
            outcome = await source_of(fragment.source)(call)
        if not isinstance(outcome, Reply):
            raise TypeError(f"{name} returned {type(outcome).__name__}, which is no Reply")
    except SourceError as error:
        outcome = Failed(error)
    except Exception as exc:  # noqa: BLE001 - reported with its traceback by _report
        outcome = Failed(_crashed(name, exc))
    return _Settled(outcome, clock() - started)


def _narrowed(fragment: Fragment, call: Call) -> Call:
    """Return what the fragment's source is asked: what it declares, and nothing else."""
    if fragment.args:
        call = replace(call, args={**call.args, **fragment.args})
    return call.narrowed(fragment.source.asks)


async def _wait(plan: Plan, tasks: _Tasks, deadline: Deadline) -> None:
    """Return when all is settled, when time is up, or when a primary fragment has failed."""
    primary = {
        tasks[fragment.name]
        for fragment in plan.fragments
        if fragment.primary and fragment.name in tasks
    }
    pending = set(tasks.values())
    while pending and not deadline.expired:
        if primary:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(pending, timeout=deadline.remaining(), return_when=first)
        else:
            await done_within(pending, deadline.remaining())
        if any(task.done() and _has_failed(task) for task in primary):
            return
        pending = {task for task in pending if not task.done()}


def _has_failed(task: "asyncio.Task[_Settled]") -> bool:
    return task.cancelled() or isinstance(task.result().outcome, Failed)


def _composition(
    plan: Plan, at_hand: _AtHand, tasks: _Tasks, deadline: Deadline, started: float
) -> Composition:
    now = deadline.clock()
    settled = {
        fragment.name: at_hand.get(fragment.name)
        or _settled(tasks[fragment.name], fragment, deadline, now - started)
        for fragment in plan.fragments
    }
    return Composition(
        plan.name,
        {name: each.outcome for name, each in settled.items()},
        {name: each.seconds for name, each in settled.items()},
        now - started,
    )


def _settled(
    task: "asyncio.Task[_Settled]", fragment: Fragment, deadline: Deadline, seconds: float
) -> _Settled:
    source = fragment.source.name
    if not task.done():
        late = SourceTimeout(source) if deadline.expired else SourceCancelled(source)
        return _Settled(Failed(late), seconds)
    if task.cancelled():
        # Nobody of ours cancelled it: something inside the source did, and did not say so.
        return _Settled(Failed(_crashed(source, asyncio.CancelledError())), seconds)
    return task.result()


def _crashed(source: str, cause: BaseException) -> SourceCrashed:
    error = SourceCrashed(source, repr(cause))
    error.__cause__ = cause
    return error


def _judge(plan: Plan, page: Composition) -> None:
    """Raise for the primary fragment that failed: not for one that was given up because of it."""
    for fragment in plan.fragments:
        outcome = page.outcomes[fragment.name]
        if not fragment.primary or not isinstance(outcome, Failed):
            continue
        if not isinstance(outcome.error, SourceCancelled):
            raise PrimaryFailed(fragment.name, page) from outcome.error


def _report(page: Composition, emit: Listener) -> None:
    for name, outcome in page.outcomes.items():
        emit(
            FragmentSettled(
                page.plan, name, state_of(outcome), page.seconds[name], reason_of(outcome)
            )
        )
        if isinstance(outcome, Failed) and isinstance(outcome.error, SourceCrashed):
            emit(FragmentCrashed(page.plan, name, outcome.error.__cause__ or outcome.error))
    emit(PageComposed(page.plan, page.complete, page.page_seconds))
