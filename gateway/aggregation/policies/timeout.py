"""timeout: a source has so many seconds, and never more than the call has left."""

from gateway.aggregation.background import OutOfTime, in_time
from gateway.aggregation.deadline import RESERVE_SECONDS
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def timeout(name: str, seconds: float) -> Policy:
    """Return a policy that gives its source ``seconds``, and ends before its own caller does.

    Raises ``SourceTimeout`` when the time is up. Where none is left to begin with, the source is
    not asked.
    """

    def policy(source: Source) -> Source:
        async def timed(call: Call) -> Reply:
            deadline = call.deadline.within(seconds, RESERVE_SECONDS)
            left = deadline.remaining()
            if not left:
                raise SourceTimeout(name, "no time was left to ask")
            try:
                return await in_time(source(call.due(deadline)), left)
            except OutOfTime as exc:
                raise SourceTimeout(name, f"nothing within {seconds} s") from exc

        return timed

    return policy
