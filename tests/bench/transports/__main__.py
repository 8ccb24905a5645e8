"""Prints the comparison of the transports as Markdown, and nothing else."""

import asyncio
import logging
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

from .calls import NAMES
from .manners import measure_manners
from .memory import measure_memory
from .speed import Speed, measure_speed
from .storm import NORMAL_CALLS, STORMS, Aftermath, worst_weather
from .truth import measure_truth
from .upstream import pin

_PACKAGES = ("httpx", "httpcore", "httpx-aiohttp", "aiohttp", "pyreqwest")

Rows = Mapping[str, Mapping[str, str]]


async def main() -> None:
    """Measure everything, then print it."""
    speed = await measure_speed()
    storms = {name: {storm: await worst_weather(name, storm) for storm in STORMS} for name in NAMES}
    truth = {name: await measure_truth(name) for name in NAMES}
    manners = {name: await measure_manners(name) for name in NAMES}
    memory = {name: await measure_memory(name) for name in NAMES}

    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}; {packages}.")
    _table("Speed at 50 concurrent, client on one core", _ratios(speed))
    _table(
        f"After 1,800 cancelled calls: how many of {NORMAL_CALLS} normal ones succeed",
        {name: {what: _after(end) for what, end in storms[name].items()} for name in NAMES},
    )
    _table("What it reports", {n: {k: r.verdict for k, r in truth[n].items()} for n in NAMES})
    _table("In which words", {n: {k: r.said for k, r in truth[n].items()} for n in NAMES})
    _table("Manners", manners)
    _table("Peak growth of memory, reading 1 MiB at most, for 1 s at most", memory)


def _ratios(speed: Mapping[str, Speed]) -> Rows:
    base = speed[NAMES[0]]
    return {
        name: {
            "calls a second": f"× {one.calls_per_second / base.calls_per_second:.1f}",
            "processor time of a call": f"× {one.cpu_microseconds / base.cpu_microseconds:.2f}",
        }
        for name, one in speed.items()
    }


def _after(end: Aftermath) -> str:
    left = f", {end.still_open} connections left open" if end.still_open else ""
    return f"{end.succeeded}{left}"


def _table(title: str, columns: Rows) -> None:
    print(f"\n### {title}\n")
    print(f"| | {' | '.join(NAMES)} |")
    print("|---" * (len(NAMES) + 1) + "|")
    for row in columns[NAMES[0]]:
        print(f"| {row} | {' | '.join(columns[name][row] for name in NAMES)} |")


if __name__ == "__main__":
    # Libraries complain of what the upstreams do; that is what the table is for.
    logging.disable()
    pin(0)
    asyncio.run(main())
