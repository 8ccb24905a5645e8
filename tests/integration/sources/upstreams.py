"""Every misbehaving upstream at once, in a process of its own.

So that what they send is not counted as memory of ours, and what they are busy with does not hold
up our event loop. Run as a module it prints the port of each as one line of JSON, and ends when
its standard input does.
"""

import asyncio
import contextlib
import json
import sys

from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream


async def _serve() -> None:
    async with contextlib.AsyncExitStack() as running:
        ports = {}
        for name, behaviour in BEHAVIOURS.items():
            upstream = await running.enter_async_context(MisbehavingUpstream(behaviour))
            ports[name] = upstream.port
        sys.stdout.write(json.dumps(ports) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
