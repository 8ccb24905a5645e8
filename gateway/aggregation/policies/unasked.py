"""unasked: where there is nothing to ask, nobody is asked, and nothing counts as a call."""

import math
from typing import Any

from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source, look_into, with_look


@layer
def unasked(needs: str, value: Any) -> Policy:
    """Return a policy that answers ``value`` itself where the argument ``needs`` is None.

    No queue, no breaker and no cache has anything to do with it, and it is good for ever.
    """

    nothing = Reply(value, lifetime=math.inf)

    def policy(source: Source) -> Source:
        look = look_into(source)

        async def maybe(call: Call) -> Reply:
            return nothing if call.args.get(needs) is None else await source(call)

        def looked(call: Call) -> Reply | None:
            if call.args.get(needs) is None:
                return nothing
            return look(call) if look else None

        return with_look(maybe, looked)

    return policy
