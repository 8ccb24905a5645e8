"""hedge: a call that is slower than nearly all is made a second time; the first reply counts.

After Dean and Barroso, "The Tail at Scale": to hedge only past the 95th percentile costs a
twentieth more calls at most, and takes the tail off.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from gateway.aggregation.background import give_up
from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import CallHedged, HedgeRefused, HedgeWon, Listener
from gateway.aggregation.latency import MEDIAN, TAIL, Latency
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source

_CLEARLY = 1.25
"""A call that is only just slower than the tail is mostly about to answer; the few calls that the
budget allows are for those that are clearly slower."""


@dataclass(frozen=True, slots=True)
class Hedging:
    """What a hedge is decided by.

    ``latency`` is that of the source, as ``measure`` sees it: while it knows nothing, nothing is
    hedged. ``budget`` bounds the second calls; give it a minimum of 0.
    """

    latency: Latency
    budget: Budget


@layer
def hedge(name: str, hedging: Hedging, emit: Listener) -> Policy:
    """Return a policy that makes a second call beside a slow first one, and gives the loser up.

    Raises what the first call raised, when both fail; a fault of our own code at once. It stands
    outside a timeout, which lets go at once of what it is told to stop: the first call is made
    where the code stands, and must have ended before the reply of the second can be returned.
    """

    return lambda source: _Hedged(name, hedging, emit, source)


class _Hedged:
    def __init__(self, name: str, hedging: Hedging, emit: Listener, source: Source) -> None:
        self._name = name
        self._hedging = hedging
        self._emit = emit
        self._source = source

    async def __call__(self, call: Call) -> Reply:
        budget, latency = self._hedging.budget, self._hedging.latency
        budget.count(call.deadline.clock())
        tail = latency.quantile(TAIL)
        if tail is None or not self._has_time(call, tail * _CLEARLY):
            return await self._source(call)
        second = _Second(partial(self._again, call, tail * _CLEARLY), tail * _CLEARLY)
        try:
            return await self._source(call)
        except (SourceError, asyncio.CancelledError) as error:
            if not await second.counts(error):
                raise
        finally:
            second.end()
        reply = second.result()
        self._emit(HedgeWon(self._name))
        # Nobody knows how long the first would have taken, only that it was in the tail. To note
        # more would push the tail up from hedge to hedge.
        latency.add(tail)
        return reply

    def _has_time(self, call: Call, after_seconds: float) -> bool:
        """Return whether a second call, made in ``after_seconds``, is likelier than not in time."""
        median = self._hedging.latency.quantile(MEDIAN)
        return median is not None and after_seconds + median <= call.deadline.remaining()

    def _again(self, call: Call, slow_after: float) -> "asyncio.Task[Reply] | None":
        """Make the second call, unless there is no time or no budget for it."""
        if not self._has_time(call, 0.0):
            self._emit(HedgeRefused(self._name, "deadline"))
            return None
        if not self._hedging.budget.spend(call.deadline.clock()):
            self._emit(HedgeRefused(self._name, "budget"))
            return None
        self._emit(CallHedged(self._name, slow_after))
        return asyncio.ensure_future(self._source(call))


class _Second:
    """The second call, which begins beside the first one when that has taken ``seconds``.

    The first is made in the task in which this is made. Where the second is sooner, that task is
    cancelled, as ``asyncio.timeout`` would do it, and who stands in it goes on with ``result``.
    """

    __slots__ = ("_again", "_cancelling", "_cancels", "_first", "_task", "_timer")

    def __init__(self, again: "Callable[[], asyncio.Task[Reply] | None]", seconds: float) -> None:
        loop = asyncio.get_running_loop()
        first: Any = asyncio.current_task(loop)
        self._first: asyncio.Task[Any] | None = first  # None as soon as it has ended
        self._cancelling: int = first.cancelling()
        self._cancels = False
        self._again = again
        self._task: asyncio.Task[Reply] | None = None
        self._timer = loop.call_later(seconds, self._begin)

    async def counts(self, error: BaseException) -> bool:
        """Return whether this is what counts, now that the first has ended in ``error``.

        If it was cancelled: whether that was done here, and by nobody else. If it failed, the end
        of the second is awaited.
        """
        alone = self._let_first_be()
        if isinstance(error, asyncio.CancelledError) or self._task is None:
            return alone
        if not self._task.done():
            await asyncio.wait([self._task])
        return not _failed(self._task)

    def result(self) -> Reply:
        """Return the reply. Raises the fault of ours that it ended in instead."""
        return cast(asyncio.Task[Reply], self._task).result()

    def end(self) -> None:
        """Give up what still runs of it."""
        self._let_first_be()
        if self._task is not None:
            give_up([self._task])

    def _begin(self) -> None:
        self._task = self._again()
        if self._task is not None:
            self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Reply]") -> None:
        # Looked at in any case, or the loop would complain that nobody asked what became of it.
        if not _failed(task) and self._first is not None:
            self._cancels = True
            self._first.cancel()

    def _let_first_be(self) -> bool:
        """Cancel the first no more. Return whether it was cancelled, and by this alone."""
        self._timer.cancel()
        first, self._first = self._first, None
        if not self._cancels or first is None:
            return False
        return first.uncancel() <= self._cancelling


def _failed(attempt: "asyncio.Task[Reply]") -> bool:
    """Return whether the source failed: the other attempt may still answer.

    What is cancelled from within, or raises anything else, is a fault of ours, and ends it all.
    """
    return not attempt.cancelled() and isinstance(attempt.exception(), SourceError)
