"""measure: keeps a sample of how long calls take, for retry and hedge to decide by."""

from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.latency import Latency
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def measure(latency: Latency) -> Policy:
    """Return a policy that notes in ``latency`` the seconds of each call that was answered.

    One that ran out of time counts as at least that long. Other errors and calls that were
    cancelled say nothing of how long an answer takes.
    """

    def policy(source: Source) -> Source:
        async def measured(call: Call) -> Reply:
            clock = call.deadline.clock
            started = clock()
            try:
                reply = await source(call)
            except SourceTimeout:
                latency.add_unfinished(clock() - started)
                raise
            latency.add(clock() - started)
            return reply

        return measured

    return policy
