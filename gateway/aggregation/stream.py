"""Composing a page as it comes: first what is there, then each late fragment as it settles.

This is ``compose``, told in instalments: the same tasks, the same deadline, the same outcomes, and
the same events, which are reported once, when all is known.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from gateway.aggregation.background import give_up
from gateway.aggregation.compose import (
    Composition,
    Plan,
    SourceOf,
    _ask,
    _composition,
    _has_failed,
    _judge,
    _report,
    _Settled,
    _Tasks,
)
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.events import Listener, nobody
from gateway.aggregation.source import Call


@dataclass(frozen=True, slots=True)
class Progress:
    """What there is of a page so far: ``page`` has an outcome for each fragment that has settled.

    ``pending`` names the others, in the order of the plan. Nothing is pending in the last one.
    """

    page: Composition
    pending: tuple[str, ...] = ()


async def stream(
    plan: Plan,
    call: Call,
    source_of: SourceOf,
    emit: Listener = nobody,
    patience_seconds: float = 0.0,
) -> AsyncGenerator[Progress, None]:
    """Ask the sources of all fragments of ``plan`` at once, and yield what there is as it grows.

    First when all has settled, or after ``patience_seconds``; only for a primary fragment it waits
    longer, because nothing that was yielded can be taken back. Then each time that more has
    settled, all of it by the deadline. Raises ``PrimaryFailed``, before it has yielded anything.
    Closing this gives up what still runs.
    """
    deadline = call.deadline.within(plan.budget_seconds)
    started = deadline.clock()
    at_hand, tasks = _ask(plan, call.due(deadline.reserve()), source_of)
    try:
        go_on = await _wait_for_the_first(plan, tasks, deadline, deadline.within(patience_seconds))
        while go_on and not deadline.expired:
            pending = tuple(name for name, task in tasks.items() if not task.done())
            if not pending:
                break
            so_far = _without(plan, pending)
            yield Progress(_composition(so_far, at_hand, tasks, deadline, started), pending)
            await _wait_for_another({tasks[name] for name in pending}, deadline)
    finally:
        give_up(tasks.values())
    page = _composition(plan, at_hand, tasks, deadline, started)
    _report(page, emit)
    _judge(plan, page)
    yield Progress(page)


async def _wait_for_the_first(
    plan: Plan, tasks: _Tasks, deadline: Deadline, patience: Deadline
) -> bool:
    """Return when something may be yielded; False, as soon as a primary fragment has failed."""
    primary = {
        tasks[fragment.name]
        for fragment in plan.fragments
        if fragment.primary and fragment.name in tasks
    }
    pending = set(tasks.values())
    while pending:
        until = deadline if primary & pending else patience
        if until.expired:
            break
        done, pending = await asyncio.wait(
            pending, timeout=until.remaining(), return_when=asyncio.FIRST_COMPLETED
        )
        if any(task in primary and _has_failed(task) for task in done):
            return False
    return True


async def _wait_for_another(pending: "set[asyncio.Task[_Settled]]", deadline: Deadline) -> None:
    """Return when another of ``pending`` has settled, or at the deadline."""
    await asyncio.wait(pending, timeout=deadline.remaining(), return_when=asyncio.FIRST_COMPLETED)


def _without(plan: Plan, pending: tuple[str, ...]) -> Plan:
    return replace(
        plan, fragments=tuple(each for each in plan.fragments if each.name not in pending)
    )
