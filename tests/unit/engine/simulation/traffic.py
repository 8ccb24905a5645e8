"""Visitors who come at random, each with a page's budget, and what each of them got."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.aggregation.source import Call, Source
from tests.fakes import VirtualClock

T = TypeVar("T")
BUDGET_SECONDS = 0.8


@dataclass(frozen=True)
class Visit:
    """One visitor: when he came and went (seconds, virtual), and why he got no answer."""

    came: float
    went: float
    reason: str | None

    @property
    def seconds(self) -> float:
        """How long he was there."""
        return self.went - self.came


@dataclass
class Traffic:
    """Asks ``source`` as visitors do: independently of each other, ``per_second`` on average."""

    source: Source
    clock: VirtualClock
    random: Random
    visits: list[Visit] = field(default_factory=list)

    async def flow(self, per_second: float, seconds: float) -> list[Visit]:
        """Let visitors come for so many seconds; return their visits when all are over."""
        until, first = self.clock.time() + seconds, len(self.visits)
        running = set()
        while self.clock.time() < until:
            running.add(asyncio.create_task(self._visit()))
            await asyncio.sleep(self.random.expovariate(per_second))
        await asyncio.gather(*running)
        return self.visits[first:]

    async def _visit(self) -> None:
        came = self.clock.time()
        try:
            reply = await self.source(Call(Deadline.after(BUDGET_SECONDS, self.clock.time)))
            reason = reply.reason
        except SourceError as error:
            reason = error.reason
        self.visits.append(Visit(came, self.clock.time(), reason))


def simulate(story: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """Return what ``story`` returns, told in a loop of its own on a virtual clock."""
    clock = VirtualClock()
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(story(clock))


def quantile(visits: list[Visit], share: float) -> float:
    """Return the seconds within which ``share`` of the visitors had gone."""
    ordered = sorted(visit.seconds for visit in visits)
    return ordered[math.ceil(share * len(ordered)) - 1]
