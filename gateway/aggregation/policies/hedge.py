"""hedge: a call that is slower than nearly all is made a second time; the first reply counts.

After Dean and Barroso, "The Tail at Scale": to hedge only past the 95th percentile costs a
twentieth more calls at most, and takes the tail off.
"""

import asyncio
from dataclasses import dataclass

from gateway.aggregation.background import done_within, give_up
from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import CallHedged, HedgeRefused, HedgeWon, Listener
from gateway.aggregation.latency import MEDIAN, TAIL, Latency
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source

_CLEARLY = 1.25
"""A call that is only just slower than the tail is mostly about to answer; the few calls that the
budget allows are for those that are clearly slower."""

_Attempt = asyncio.Task[Reply]


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

    Raises what the first call raised, when both fail; a fault of our own code at once.
    """

    def policy(source: Source) -> Source:
        async def hedged(call: Call) -> Reply:
            hedging.budget.count(call.deadline.clock())
            tail = hedging.latency.quantile(TAIL)
            if tail is None or not _has_time(call, hedging, tail * _CLEARLY):
                return await source(call)
            slow_after = tail * _CLEARLY
            attempts = [asyncio.ensure_future(source(call))]
            try:
                await done_within(attempts[0], slow_after)
                if not attempts[0].done() and _allowed(name, call, hedging, emit):
                    emit(CallHedged(name, slow_after))
                    attempts.append(asyncio.ensure_future(source(call)))
                answer = await _answer(attempts)
                if answer is not attempts[0]:
                    emit(HedgeWon(name))
                    # Nobody knows how long the first would have taken, only that it was in the
                    # tail. To note more would push the tail up from hedge to hedge.
                    hedging.latency.add(tail)
                return answer.result()
            finally:
                give_up(each for each in attempts if not each.done())

        return hedged

    return policy


def _has_time(call: Call, hedging: Hedging, after_seconds: float) -> bool:
    """Return whether a second call, made in ``after_seconds``, is likelier than not in time."""
    median = hedging.latency.quantile(MEDIAN)
    return median is not None and after_seconds + median <= call.deadline.remaining()


def _allowed(name: str, call: Call, hedging: Hedging, emit: Listener) -> bool:
    if not _has_time(call, hedging, 0.0):
        emit(HedgeRefused(name, "deadline"))
        return False
    if not hedging.budget.spend(call.deadline.clock()):
        emit(HedgeRefused(name, "budget"))
        return False
    return True


async def _answer(attempts: list[_Attempt]) -> _Attempt:
    """Return the attempt whose end is the end of all: the first reply, else the first attempt."""
    if len(attempts) == 1:
        if not attempts[0].done():
            await asyncio.wait(attempts)
        return attempts[0]
    pending = set(attempts)
    while pending:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for attempt in attempts:
            if attempt.done() and not _failed(attempt):
                return attempt
    return attempts[0]


def _failed(attempt: _Attempt) -> bool:
    """Return whether the source failed: the other attempt may still answer.

    What is cancelled from within, or raises anything else, is a fault of ours, and ends it all.
    """
    return not attempt.cancelled() and isinstance(attempt.exception(), SourceError)
