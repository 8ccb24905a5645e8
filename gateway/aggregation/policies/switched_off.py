"""switched_off: staff want nobody to ask the source for now."""

from gateway.aggregation.errors import SourceOff
from gateway.aggregation.layers import layer
from gateway.aggregation.source import Call, Policy, Reply, Source


@layer
def switched_off(name: str) -> Policy:
    """Return a policy that asks nobody: it raises ``SourceOff`` at once.

    It stands inside the fallback and outside all else: no cache, no queue and no breaker has
    anything to do with a source that is off. A stack has this layer only while it is.
    """

    def policy(source: Source) -> Source:
        async def off(call: Call) -> Reply:
            raise SourceOff(name)

        return off

    return policy
