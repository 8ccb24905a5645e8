"""Attempts: each time that a source is really asked, as a step of the request's record."""

from collections.abc import Awaitable
from dataclasses import replace

from gateway.aggregation.record import current_step, step
from gateway.aggregation.source import Call, Reply, Source

TRACEPARENT = "traceparent"


def attempted(kind: str, name: str, source: Source) -> Source:
    """Return ``source``, each call of which is a step: ``kind`` says of what, http or sql.

    What it asks is told that step as its parent in the trace, instead of the request as a whole.
    Where nothing is recorded, the call goes straight to the source.
    """

    def asked(call: Call) -> Awaitable[Reply]:
        return source(call) if current_step() is None else recorded(call)

    async def recorded(call: Call) -> Reply:
        with step(kind, name) as it:
            if it is not None and TRACEPARENT in call.baggage:
                call = replace(call, baggage={**call.baggage, TRACEPARENT: it.traceparent})
            return await source(call)

    return asked
