"""unasked: where there is nothing to ask, nobody is asked, and nothing counts as a call."""

import math
from typing import Any

from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def unasked(needs: str, value: Any) -> Policy:
    """Return a policy that answers ``value`` itself where the argument ``needs`` is None.

    No queue, no breaker and no cache has anything to do with it, and it is good for ever.
    """

    def policy(source: Source) -> Source:
        async def maybe(call: Call) -> Reply:
            if call.args.get(needs) is None:
                return Reply(value, lifetime=math.inf)
            return await source(call)

        return maybe

    return policy
