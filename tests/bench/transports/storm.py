"""What a storm of cancelled calls leaves behind: does the transport work, and what stays open?

A pool that loses a place at each cancellation looks healthy until its last place is gone. Random
delays hardly find such a fault; cancelling after each number of event-loop turns does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream

from .calls import build_transport, call, succeeded

BATCH = 150  # More than the pool holds, so that some are cancelled while they wait for a place.
TURNS = 12
NORMAL_CALLS = 100
SETTLE_SECONDS = 1.0
REPEATS = 3

Storm = Callable[[httpx.AsyncBaseTransport, str], Awaitable[None]]


@dataclass(frozen=True)
class Aftermath:
    """What was found after one storm."""

    cancelled: int
    succeeded: int  # of NORMAL_CALLS to a healthy upstream, straight after the storm
    still_open: int  # connections to the storm's upstream that no one closed within a second


async def by_turns(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Cancel after 0 to 11 turns of the event loop."""
    for turn in range(TURNS):
        await _cancel_batch(transport, url, turns=turn)


async def while_resolving(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Cancel calls to a name, some of them while it is being resolved in another thread."""
    await by_turns(transport, url.replace("127.0.0.1", "localhost"))


async def twice(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Cancel, and cancel again one turn later, while the first cancellation is being worked off."""
    for turn in range(TURNS):
        await _cancel_batch(transport, url, turns=turn, times=2)


async def in_body(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Cancel in the middle of reading a body."""
    for turn in range(TURNS):
        await _cancel_batch(transport, url, turns=turn, after_seconds=0.15)


async def by_timeout(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """Let ``asyncio.timeout`` end the calls, each after another short time."""

    async def one(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await call(transport, url)

    for _ in range(TURNS):
        calls = (one(number / BATCH / 20) for number in range(BATCH))
        await asyncio.gather(*calls, return_exceptions=True)


async def _cancel_batch(
    transport: httpx.AsyncBaseTransport,
    url: str,
    *,
    turns: int,
    times: int = 1,
    after_seconds: float = 0.0,
) -> None:
    calls = [asyncio.ensure_future(call(transport, url)) for _ in range(BATCH)]
    if after_seconds:
        await asyncio.sleep(after_seconds)
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(times):
        for task in calls:
            task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait(calls, timeout=10)


STORMS: dict[str, tuple[Storm, str]] = {
    "after 0–11 loop turns": (by_turns, "good"),
    "the same, upstream hangs": (by_turns, "hangs"),
    "the same, upstream called by name": (while_resolving, "good"),
    "twice in a row": (twice, "good"),
    "in the middle of the body": (in_body, "body_trickles"),
    "by `asyncio.timeout`": (by_timeout, "good"),
    "by `asyncio.timeout`, upstream hangs": (by_timeout, "hangs"),
}


async def worst_weather(name: str, storm: str) -> Aftermath:
    """Return the worst that one storm left behind: what needs luck must not hide by luck."""
    ends = [await _weather(name, storm) for _ in range(REPEATS)]
    return min(ends, key=lambda end: (end.succeeded, -end.still_open))


async def _weather(name: str, storm: str) -> Aftermath:
    run, behaviour = STORMS[storm]
    transport = build_transport(name)
    healthy = MisbehavingUpstream(BEHAVIOURS["good"])
    async with healthy, MisbehavingUpstream(BEHAVIOURS[behaviour]) as upstream:
        await run(transport, upstream.url)
        worked = await succeeded(transport, healthy.url, NORMAL_CALLS)
        await asyncio.sleep(SETTLE_SECONDS)
        # Connections to a healthy upstream may rest in the pool; to a sick one they must be gone.
        still_open = upstream.open_connections if behaviour != "good" else 0
        await transport.aclose()
    return Aftermath(BATCH * TURNS, worked, still_open)
