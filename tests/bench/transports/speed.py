"""How many calls a second at 50 concurrent, and how much processor time each of them takes."""

import asyncio
import time
from dataclasses import dataclass
from statistics import median

import httpx

from .calls import NAMES, build_transport, call
from .upstream import fast_upstream

CONCURRENT = 50
CALLS_A_WORKER = 30
ROUNDS = 9


@dataclass(frozen=True)
class Speed:
    """Medians over the rounds: calls a second, and processor time of a call in microseconds."""

    calls_per_second: float
    cpu_microseconds: float


async def measure_speed() -> dict[str, Speed]:
    """Return each transport's speed; rounds are interleaved, so that noise falls on all alike."""
    transports = {name: build_transport(name, connect_timeout_seconds=2.0) for name in NAMES}
    rounds: dict[str, list[Speed]] = {name: [] for name in NAMES}
    async with fast_upstream() as url:
        for transport in transports.values():
            await _round(transport, url)
        for _ in range(ROUNDS):
            for name, transport in transports.items():
                rounds[name].append(await _round(transport, url))
        for transport in transports.values():
            await transport.aclose()
    return {name: _median(rounds[name]) for name in NAMES}


async def _round(transport: httpx.AsyncBaseTransport, url: str) -> Speed:
    async def worker() -> None:
        for _ in range(CALLS_A_WORKER):
            await call(transport, url)

    calls = CONCURRENT * CALLS_A_WORKER
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(CONCURRENT)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Speed(calls / wall, cpu / calls * 1_000_000)


def _median(rounds: list[Speed]) -> Speed:
    return Speed(
        median(one.calls_per_second for one in rounds),
        median(one.cpu_microseconds for one in rounds),
    )
