"""``make scale``: what a composed page costs as it grows, as tables in Markdown.

The engine and its client, in this process, against an upstream in another one. Processor time of
this process alone: not the rendering, not the server.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvloop

from deploy.local.redis import free_port
from gateway.aggregation.compose import Fragment, Plan
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call
from gateway.runtime import Runtime
from gateway.sources.http import Endpoint
from tests.bench.pages.machine import LOAD_CORES, SERVER_CORES, on
from tests.bench.pages.running import started
from tests.bench.scale.upstream import PATH

FRAGMENTS = (1, 2, 4, 8, 16, 32)
ITEMS = (1, 10, 50, 100, 500)
PAGES = 300
ROUNDS = 5
OPEN_PAGES = 1_000
SLOW_SECONDS = 2.0


class Item(msgspec.Struct, frozen=True):
    """A thing on a page."""

    id: int
    title: str
    text: str
    price: str


class Items(msgspec.Struct, frozen=True):
    """What the upstream says."""

    items: tuple[Item, ...]


def endpoint(name: str, items: int) -> Endpoint:
    """Return a source of so many items that is never kept."""
    return Endpoint(
        name=name,
        service="PROMO_SERVICE_URL",
        path=PATH,
        asks=("items", "call"),
        payload=Items,
        timeout="PROMO_TIMEOUT_SECONDS",
    )


def plan(fragments: int, items: int) -> Plan:
    """Return a page of so many fragments, each of a source of its own."""
    return Plan(
        "scale",
        10.0,
        tuple(
            Fragment(f"part-{n}", endpoint(f"source-{n}-{items}", items)) for n in range(fragments)
        ),
    )


async def cost(ours: Runtime, page: Plan, items: int) -> float:
    """Return the processor microseconds of one page: the best of some rounds, one after another."""
    call = 0

    async def composed() -> None:
        nonlocal call
        call += 1
        asked = Call(Deadline.after(10.0), {"items": items, "call": call % 7})
        said = await ours.compose(page, asked)
        assert said.complete, said.outcomes

    for _ in range(50):
        await composed()
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(PAGES):
            await composed()
        best = min(best, (time.process_time() - began) / PAGES)
    return best * 1e6


async def open_pages(ours: Runtime, page: Plan) -> float:
    """Return the kilobytes that each of many pages holds that wait for a slow upstream."""

    async def waiting() -> None:
        await ours.compose(page, Call(Deadline.after(SLOW_SECONDS), {"items": -1, "call": 0}))

    before = _resident()
    pages = [asyncio.ensure_future(waiting()) for _ in range(OPEN_PAGES)]
    await asyncio.sleep(SLOW_SECONDS / 4)
    grown = _resident() - before
    for each in pages:
        each.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return grown / OPEN_PAGES


async def measure() -> None:
    """Measure, and print."""
    ours = Runtime(emit=lambda _: None)
    try:
        print("| fragments | µs a page | µs a fragment |\n|---:|---:|---:|")
        for number in FRAGMENTS:
            spent = await cost(ours, plan(number, 10), 10)
            print(f"| {number} | {spent:,.0f} | {spent / number:,.0f} |", flush=True)
        print("\n| items in the one reply | µs a page | µs an item |\n|---:|---:|---:|")
        for items in ITEMS:
            spent = await cost(ours, plan(1, items), items)
            print(f"| {items} | {spent:,.0f} | {spent / items:,.1f} |", flush=True)
        print("\n| open pages of 4 fragments | KB each |\n|---:|---:|")
        print(f"| {OPEN_PAGES:,} | {await open_pages(ours, plan(4, -1)):.1f} |")
    finally:
        await ours.close()


def main() -> int:
    """Start the upstream, measure, and end it."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="scale-") as folder, _told(port):
        import django

        django.setup()
        command = [sys.executable, "-m", "tests.bench.scale.upstream", str(port)]
        upstream = started(command, port, Path(folder) / "upstream.log", cores=LOAD_CORES)
        try:
            with on(SERVER_CORES):
                uvloop.run(measure())
        finally:
            upstream.stop()
    return 0


@contextmanager
def _told(port: int) -> Iterator[None]:
    """Tell the settings where the upstream is; nothing else is ever asked."""
    nowhere = f"127.0.0.1:{free_port()}"
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "gateway.settings",
        "SECRET_KEY": "only-for-this-measure-and-nothing-else",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": f"postgresql://nobody@{nowhere}/none",
        "REDIS_URL": f"redis://{nowhere}/0",
        "PROMO_SERVICE_URL": f"http://127.0.0.1:{port}",
        "RECCO_SERVICE_URL": f"http://127.0.0.1:{port}",
        "PROMO_TIMEOUT_SECONDS": "5",
        "PROMO_FRESH_SECONDS": "0",
        "PAGE_BUDGET_SECONDS": "10",
    }
    yield


def _resident() -> float:
    """Return the memory of this process, in KB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024


if __name__ == "__main__":
    sys.exit(main())
