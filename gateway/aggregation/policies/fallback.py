"""fallback: a value that stands in when the source gives none."""

from typing import Any

from gateway.aggregation.errors import SourceCrashed, SourceError
from gateway.aggregation.events import FallbackServed, Listener
from gateway.aggregation.layers import layer
from gateway.aggregation.source import (
    Call,
    Policy,
    Reply,
    Source,
    State,
    look_into,
    with_look,
)


@layer
def fallback(name: str, value: Any, emit: Listener) -> Policy:
    """Return a policy that answers with ``value``, marked as a fallback, for any ``SourceError``.

    Faults of our own code pass through: a bug must not hide behind a kind word.
    """

    def policy(source: Source) -> Source:
        async def softened(call: Call) -> Reply:
            try:
                return await source(call)
            except SourceCrashed:
                raise
            except SourceError as error:
                emit(FallbackServed(name, error.reason, error))
                return Reply(value, State.FALLBACK, reason=error.reason)

        return with_look(softened, look_into(source))

    return policy
