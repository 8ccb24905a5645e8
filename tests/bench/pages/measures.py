"""The three measures: pages a second, latency over the slowest source, time to the first byte."""

import asyncio
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from tests.bench.pages.asking import Asked, BadAnswer, again_and_again, once
from tests.bench.pages.crew import Member
from tests.bench.pages.rules import over
from tests.bench.pages.running import Running
from tests.bench.pages.wrk import CONNECTIONS, FEW_CONNECTIONS, Load, Speed, press

VISITORS = (1, 16, 64)
WARM_PAGES = 6000
WARMING_VISITORS = 16
SOURCE_SECONDS = 0.05
SLEEP_SECONDS = 2.0
APART_SECONDS = 0.3
"""So far apart the contenders are asked for their first byte, all in the same seconds."""

THE_SOURCE = "the slowest source itself"


@dataclass(frozen=True)
class Pace:
    """How many rounds there are, and how many seconds each contender has in one of them."""

    warm_seconds: int
    speed_rounds: int
    speed_seconds: int
    crawl_seconds: int
    latency_rounds: int
    latency_seconds: float
    first_rounds: int


FULL = Pace(8, 5, 3, 4, 3, 2.0, 3)
QUICK = Pace(3, 3, 1, 2, 1, 0.6, 1)


@dataclass(frozen=True)
class Late:
    """One round: what half, and 99 of 100, of the pages took over their source (ms); how many."""

    p50: float
    p99: float
    pages: int


@dataclass
class Measured:
    """All rounds, by contender; ``late`` by connections first."""

    speed: dict[str, list[Speed]] = field(default_factory=dict)
    late: dict[int, dict[str, list[Late]]] = field(default_factory=dict)
    first: dict[str, list[Asked]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def measure_speed(members: Sequence[Member], pace: Pace, measured: Measured) -> None:
    """Let each of them make pages for a while, round after round, once all are warm.

    Each is asked once before its turn: what it keeps has run out since the last one.
    """
    for each in members:
        if not each.contender.crawls:
            _tell(f"getting warm: {each.name}")
            _warm(each, pace)
    for number in range(pace.speed_rounds):
        for each in members:
            _tell(f"pages a second, round {number + 1}: {each.name}")
            each.ask()
            speed = press(each.running, _load(each, pace))
            measured.speed.setdefault(each.name, []).append(speed)


def _warm(member: Member, pace: Pace) -> None:
    """Let it make so many pages that compilers and caches have seen enough, within some seconds."""
    made, load = 0.0, Load(CONNECTIONS, 1, member.cookie, member.contender.says)
    for _ in range(pace.warm_seconds):
        made += press(member.running, load).pages
        if made >= WARM_PAGES:
            return


def _load(member: Member, pace: Pace) -> Load:
    if member.contender.crawls:
        return Load(FEW_CONNECTIONS, pace.crawl_seconds, member.cookie, member.contender.says)
    return Load(CONNECTIONS, pace.speed_seconds, member.cookie, member.contender.says)


async def measure_latency(
    members: Sequence[Member], source: Running, pace: Pace, measured: Measured
) -> None:
    """Ask each on so many connections, round after round; and the source itself.

    Before the first round all get warm, except those for whom it takes too long.
    """
    asked = {THE_SOURCE: source, **{each.name: each.running for each in members}}
    for each in members:
        if not each.contender.crawls:
            await _late(each.running, WARMING_VISITORS, pace.latency_seconds)
    for connections in VISITORS:
        rounds = measured.late.setdefault(connections, {})
        for number in range(pace.latency_rounds):
            for name, running in asked.items():
                _tell(f"latency at {connections} connections, round {number + 1}: {name}")
                late = await _late(running, connections, pace.latency_seconds)
                rounds.setdefault(name, []).append(late)


async def _late(running: Running, connections: int, seconds: float) -> Late:
    try:
        seen = await again_and_again(running, connections, seconds)
    except* (BadAnswer, TimeoutError, OSError):
        seen = []
    whole = [each.whole for each in seen]
    return Late(over(whole, SOURCE_SECONDS, 0.5), over(whole, SOURCE_SECONDS, 0.99), len(seen))


async def measure_first_byte(members: Sequence[Member], pace: Pace, measured: Measured) -> None:
    """Ask each once, a little apart, and wait for all; round after round."""
    for number in range(pace.first_rounds):
        _tell(f"first byte, round {number + 1}")
        asking: list[Awaitable[Asked]] = [
            once(each.running, place * APART_SECONDS) for place, each in enumerate(members)
        ]
        answers = await asyncio.gather(*asking, return_exceptions=True)
        for each, answer in zip(members, answers, strict=True):
            if isinstance(answer, Asked):
                measured.first.setdefault(each.name, []).append(answer)


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}")
        sys.stderr.flush()
