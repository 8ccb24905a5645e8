"""telling: reports each call that fails, whoever it was for, and the first that does not any more.

``observe`` reports what a visitor was given; where that was kept from before, nobody would hear why
the source was no help, or that a refresh beside the page failed.
"""

from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import CallFailed, CallsRecovered, Listener
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def telling(name: str, emit: Listener) -> Policy:
    """Return a policy that reports its source's failures, and their end; it changes nothing."""

    def policy(source: Source) -> Source:
        failing = False

        async def told(call: Call) -> Reply:
            nonlocal failing
            started = call.deadline.clock()
            try:
                reply = await source(call)
            except SourceError as error:
                failing = True
                emit(CallFailed(name, error.reason, call.deadline.clock() - started, error))
                raise
            if failing:
                failing = False
                emit(CallsRecovered(name))
            return reply

        return told

    return policy
