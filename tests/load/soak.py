"""``make soak MINUTES=20``: half of what the shop can serve, for long, and what grows meanwhile.

Strangers look at every kind of page, and some hang up before the answer is there. Every half minute
a line says what the gateway holds; at the end the last third is compared with the first. Ends with
1 where something grew past its bound.
"""

import math
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from deploy.local.errors import StartError
from deploy.local.speech import say
from tests.load.figures import Figures, figures, milliseconds
from tests.load.stage import OTHER_CORES, Stage, opened, run_command
from tests.load.visitors import Load, ask_for

PATHS = ("/", "/", "/", "/api/home", "/books/", "/authors/", "/books/?page=2", "/nowhere")
CONNECTIONS = 64
HANG_UP_EVERY = 50
LINE_SECONDS = 30.0
FEWEST_LINES = 6
WARM_UP_SECONDS = 5.0
MOST_MINUTES = 24 * 60

BOUNDS = {"memory": 12.0, "tasks": 20.0, "files": 20.0, "threads": 4.0}
"""By how much the median of the last third may exceed that of the first (memory in MB)."""


@dataclass(frozen=True)
class Held:
    """What a process holds: memory in MB, and numbers; NaN where nobody tells."""

    memory: float
    tasks: float
    files: float
    threads: float


def main() -> int:
    """Load, look, judge."""
    seconds = _minutes() * 60
    line_seconds = min(LINE_SECONDS, seconds / FEWEST_LINES)
    say("Opening a shop of its own …")
    with opened() as stage:
        rate = _half_of_what_it_can(stage)
        say(
            f"{rate:.0f} pages a second, for {seconds / 60:g} min\n"
            f"{'after':>8} {'memory':>9} {'tasks':>6} {'files':>6} {'threads':>8} "
            f"{'pages /s':>9} {'ms p50 / p99':>13}"
        )
        lines = list(_lines(stage, rate, seconds, line_seconds))
    grown = list(broken_bounds(lines))
    say("\n".join(f"GREW: {each}." for each in grown) or "Nothing grew past its bound.")
    return 1 if grown else 0


def _minutes() -> float:
    given = os.environ.get("MINUTES") or "20"
    try:
        minutes = float(given)
    except ValueError:
        minutes = 0.0
    if not 0.1 <= minutes <= MOST_MINUTES:
        raise StartError(f"MINUTES must be a number from 0.1 to {MOST_MINUTES}, not {given!r}.")
    return minutes


def broken_bounds(lines: Sequence[Held]) -> Iterator[str]:
    """Yield a sentence for all that is higher in the last third than in the first, by too much."""
    third = max(1, len(lines) // 3)
    for name, bound in BOUNDS.items():
        first, last = (
            median(getattr(each, name) for each in part) for part in (lines[:third], lines[-third:])
        )
        if last - first > bound:
            yield f"{name} from {first:.0f} to {last:.0f}, more than by {bound:.0f}"


def _half_of_what_it_can(stage: Stage) -> float:
    """Warm everything up, and return half of the pages a second that it can give."""
    load = Load(stage.shop.gateway.port, 16, WARM_UP_SECONDS, paths=PATHS)
    seen = ask_for(load, OTHER_CORES)
    return len(seen.answers) / seen.seconds / 2


def _lines(stage: Stage, rate: float, seconds: float, line_seconds: float) -> Iterator[Held]:
    began = time.monotonic()
    load = Load(stage.shop.gateway.port, CONNECTIONS, line_seconds, rate, PATHS, HANG_UP_EVERY)
    while (passed := time.monotonic() - began) < seconds - line_seconds / 2:
        found = figures(ask_for(load, OTHER_CORES))
        held = holdings(stage.shop.gateway.pid, stage.shop.url)
        _print(passed + line_seconds, held, found, line_seconds)
        yield held


def _print(after: float, held: Held, found: Figures, line_seconds: float) -> None:
    say(
        f"{after:6.0f} s {held.memory:6.1f} MB {_told(held.tasks):>6} {held.files:6.0f} "
        f"{held.threads:8.0f} {found.goodput:9.0f} {milliseconds(found.served):>13}"
        + (f"   {len(found.refused)} refused" if found.refused else ""),
    )


def _told(number: float) -> str:
    return "–" if math.isnan(number) else f"{number:.0f}"


def holdings(pid: int, url: str) -> Held:
    """Return what the process holds; its tasks as /metrics tells, if it does."""
    status = Path(f"/proc/{pid}/status").read_text()
    metrics = httpx.get(f"{url}/metrics", timeout=5.0, trust_env=False).text
    return Held(
        memory=_number(r"^VmRSS:\s+(\d+)", status) / 1024,
        tasks=_number(r"^gateway_tasks (\S+)", metrics),
        files=len(os.listdir(f"/proc/{pid}/fd")),
        threads=_number(r"^Threads:\s+(\d+)", status),
    )


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.M)
    return float(found[1]) if found else math.nan


if __name__ == "__main__":
    run_command(main)
