"""Upstreams that behave as real ones do under load and in an outage."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.source import Call, Reply
from tests.fakes import FOREVER


@dataclass
class Upstream:
    """Counts what reaches it, and answers after ``seconds_of()`` each time."""

    seconds_of: Callable[[], float]
    calls: int = field(default=0, init=False)
    least_left_seconds: float = field(default=FOREVER, init=False)

    async def __call__(self, call: Call) -> Reply:
        self.calls += 1
        left = call.deadline.at - call.deadline.clock()
        self.least_left_seconds = min(self.least_left_seconds, left)
        await self._work(call)
        return Reply("answer")

    async def _work(self, call: Call) -> None:
        await asyncio.sleep(self.seconds_of())


@dataclass
class Breaking(Upstream):
    """While it is ``down`` it refuses; or, if it is a ``hanging`` one, never answers."""

    down: bool = False
    hanging: bool = False

    async def _work(self, call: Call) -> None:
        if self.down and not self.hanging:
            await asyncio.sleep(0.001)
            raise SourceRefused("promo")
        await asyncio.sleep(600 if self.down else self.seconds_of())


@dataclass
class Queueing(Upstream):
    """Has ``workers``, and a queue without end in front of them: first come, first served.

    It does not notice that a caller has gone, and does the work for nobody.
    """

    workers: int = 10

    def __post_init__(self) -> None:
        self._free_at = [0.0] * self.workers

    async def _work(self, call: Call) -> None:
        now = asyncio.get_running_loop().time()
        done_at = max(now, heapq.heappop(self._free_at)) + self.seconds_of()
        heapq.heappush(self._free_at, done_at)
        await asyncio.sleep(done_at - now)


def around(random: Random, seconds: float) -> Callable[[], float]:
    """Return times spread around ``seconds``, never more than twice as long."""
    return lambda: min(seconds * random.lognormvariate(0.0, 0.25), 2 * seconds)


def straggling(random: Random, seconds: float, slow_seconds: float, share: float):
    """Return times around ``seconds``, but ``slow_seconds`` for a ``share`` of the calls."""
    usual = around(random, seconds)
    return lambda: slow_seconds if random.random() < share else usual()
