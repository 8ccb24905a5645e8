"""The three strategies, one run after another against the same sources, none from a cache.

Blocking: a thread asks, waits, asks the next. Awaited: the same on the event loop, which serves
others meanwhile, but this page is no sooner there. At once: the engine asks all and waits once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.aggregation.compose import (
    Declared,
    Fragment,
    Outcome,
    Plan,
    compose,
    reason_of,
)
from gateway.aggregation.source import Call, Reply, Source, State
from gateway.runtime import Runtime
from gateway.sources.blocking import blocking_transport
from gateway.sources.declaration import Declaration
from gateway.storefront.compare.blocking import BlockingView
from gateway.storefront.compare.results import Comparison, Run, Step
from gateway.web.threads import in_thread

BLOCKING, AWAITED, AT_ONCE = "blocking", "awaited", "at-once"


class Comparing:
    """One comparison of ``plan``: what is asked, through what, and by how much it is slowed."""

    def __init__(self, plan: Plan, call: Call, ours: Runtime, delay_seconds: float) -> None:
        # None of them is primary here: one that fails is shown, and the others go on.
        self._fragments = tuple(replace(each, primary=False) for each in plan.fragments)
        self._plan = plan
        self._call = call
        self._ours = ours
        self._delay_seconds = delay_seconds
        self._view = self._blocking_view()

    @property
    def lingers(self) -> bool:
        """Whether its thread is still at work, though nobody waits for it any more."""
        return self._view.running

    async def run(self) -> Comparison:
        """Return what all three took. It ends at the call's deadline, with what there is then.

        Raises ``TooBusy`` where no thread is free. Cancelled, it stops its thread as well.
        """
        runs = (
            await self._blocking(),
            await self._timed(AWAITED, self._awaited),
            await self._timed(AT_ONCE, self._at_once),
        )
        return Comparison(runs, self._delay_seconds)

    def _blocking_view(self) -> BlockingView:
        switches = self._ours.switches
        sources = {each.source.name: each.source for each in self._fragments}
        rules = {name: switches.fault(name) for name in sources}
        return BlockingView(
            self._fragments,
            self._call,
            self._delay_seconds,
            faults={name: rule for name, rule in rules.items() if rule is not None},
            timeouts={
                name: switches.seconds(each.timeout)
                for name, each in sources.items()
                if isinstance(each, Declaration)
            },
            off=frozenset(name for name in sources if switches.off(name)),
        )

    async def _blocking(self) -> Run:
        deadline = self._call.deadline
        # What a process does once, such as reading certificates, is no part of the comparison.
        await in_thread(lambda: blocking_transport().close())
        began, finished = deadline.clock(), False
        try:
            async with asyncio.timeout(deadline.remaining()):
                await in_thread(self._view.run)
            finished = True
        except TimeoutError:
            pass
        finally:
            self._view.given_up.set()
        return Run(BLOCKING, tuple(self._view.steps), deadline.clock() - began, finished)

    async def _timed(self, strategy: str, asking: Callable[[list[Step]], Awaitable[None]]) -> Run:
        """Run one strategy on the loop; its steps count even if it does not get to its end."""
        deadline = self._call.deadline
        began = deadline.clock()
        steps: list[Step] = []
        if not deadline.expired:
            await asking(steps)
        finished = len(steps) == len(self._fragments) and not deadline.expired
        return Run(strategy, tuple(steps), deadline.clock() - began, finished)

    async def _awaited(self, steps: list[Step]) -> None:
        clock = self._call.deadline.clock
        began = clock()
        for fragment in self._fragments:
            if self._call.deadline.expired:
                return
            started = clock()
            (step,) = await self._composed("compare-awaited", (fragment,))
            steps.append(replace(step, started=started - began))

    async def _at_once(self, steps: list[Step]) -> None:
        steps += await self._composed("compare-at-once", self._fragments)

    async def _composed(self, name: str, fragments: Sequence[Fragment]) -> list[Step]:
        left = self._call.deadline.remaining()
        plan = Plan(name, left, tuple(fragments))
        page = await compose(plan, self._call, self._source, self._ours.emit)
        return [
            Step(each, 0.0, page.seconds[each], _failure(outcome))
            for each, outcome in page.outcomes.items()
        ]

    def _source(self, declared: Declared) -> Source:
        return _slowed(self._ours.unkept(declared), self._delay_seconds)


def _slowed(source: Source, seconds: float) -> Source:
    if seconds <= 0:
        return source

    async def slow(call: Call) -> Reply:
        await asyncio.sleep(seconds)
        return await source(call)

    return slow


def _failure(outcome: Outcome) -> str:
    """Return why there is no answer of the source itself; empty where there is one."""
    if isinstance(outcome, Reply) and outcome.state is not State.FALLBACK:
        return ""
    return reason_of(outcome) or "failed"
