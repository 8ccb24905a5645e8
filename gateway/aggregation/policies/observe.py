"""observe: reports what a stack did, and how long it took."""

from gateway.aggregation.errors import SourceError
from gateway.aggregation.events import Listener, SourceAbandoned, SourceFailed, SourceReplied
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source, look_into, with_look


@layer
def observe(name: str, emit: Listener) -> Policy:
    """Return a policy that reports each call's end: replied, failed, or abandoned by its caller."""

    def policy(source: Source) -> Source:
        async def observed(call: Call) -> Reply:
            clock = call.deadline.clock
            started = clock()
            try:
                reply = await source(call)
            except SourceError as error:
                emit(SourceFailed(name, error.reason, clock() - started, error))
                raise
            except Exception as error:
                emit(SourceFailed(name, "crashed", clock() - started, error))
                raise
            except BaseException:
                # Cancelled: the page was given up. That is neither success nor failure.
                emit(SourceAbandoned(name, clock() - started))
                raise
            emit(SourceReplied(name, reply.state, clock() - started, reply.reason))
            return reply

        look = look_into(source)

        def looked(call: Call) -> Reply | None:
            reply = look(call) if look else None
            if reply is not None:
                emit(SourceReplied(name, reply.state, 0.0, reply.reason))
            return reply

        return with_look(observed, looked if look else None)

    return policy
