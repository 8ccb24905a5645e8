"""retry: a call that failed for a passing cause is made once more, if there is time and budget."""

import asyncio

from gateway.aggregation.errors import BulkheadFull, CircuitOpen, SourceBusy, SourceError
from gateway.aggregation.events import CallRetried, Listener, RetryRefused
from gateway.aggregation.layers import layer
from gateway.aggregation.retrying import NotAgain, Retrying, decide
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def retry(name: str, retrying: Retrying, emit: Listener) -> Policy:
    """Return a policy that makes a failed call once more, at most, where ``decide`` says so.

    Raises what the second call raised; what the first one did, if the second was not even made.
    """

    def policy(source: Source) -> Source:
        async def retried(call: Call) -> Reply:
            clock = call.deadline.clock
            retrying.budget.count(clock())
            try:
                return await source(call)
            except SourceError as error:
                again = decide(error, retrying, call.deadline.remaining(), clock())
                if isinstance(again, NotAgain):
                    if again.cause is not None:
                        emit(RetryRefused(name, again.cause))
                    raise
                emit(CallRetried(name, error.reason, again.seconds))
                await asyncio.sleep(again.seconds)
                return await _once_more(source, call, error)

        return retried

    return policy


async def _once_more(source: Source, call: Call, error: SourceError) -> Reply:
    try:
        return await source(call)
    except (CircuitOpen, BulkheadFull, SourceBusy):
        # What befell the first call says more about the source than a refusal of our own.
        raise error  # noqa: B904 - its own cause is the one to keep
