"""fault_injection: makes a source slow, or fail, on purpose, to see what the page does."""

import asyncio
from collections.abc import Callable
from random import Random

from gateway.aggregation.errors import FaultInjected, SourceTimeout
from gateway.aggregation.events import FaultAborted, FaultDelayed, Listener
from gateway.aggregation.faults import Fault, FaultRule, draw
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source

Faults = Callable[[], FaultRule | None]


@layer
def fault_injection(name: str, faults: Faults, random: Random, emit: Listener) -> Policy:
    """Return a policy that does to its source what ``faults()`` says at each call; None is nothing.

    It stands innermost, inside the timeout, so that everything around it sees what it would see if
    the source itself did so. Raises ``FaultInjected`` for a call that is made to fail.
    """

    def policy(source: Source) -> Source:
        async def faulty(call: Call) -> Reply:
            rule = faults()
            if rule is not None:
                await _inflict(name, draw(rule, random), call, emit)
            return await source(call)

        return faulty

    return policy


async def _inflict(name: str, fault: Fault, call: Call, emit: Listener) -> None:
    if fault.delay_seconds > 0:
        emit(FaultDelayed(name, fault.delay_seconds))
        await asyncio.sleep(fault.delay_seconds)
    if fault.aborts:
        emit(FaultAborted(name))
        raise FaultInjected(name)
    if call.deadline.expired:
        raise SourceTimeout(name, "held up on purpose until no time was left to ask")
