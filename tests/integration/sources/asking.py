"""How the tests of this room ask a source, and what they measure while they do."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Call, Reply, Source, stack
from gateway.sources.http import Endpoint, http_source
from gateway.sources.transports import build_transport

TRANSPORTS = ("direct", "aiohttp", "httpcore", "pyreqwest")
DEFAULT = "direct"
SLACK_SECONDS = 0.2
"""How much later than its deadline an answer may come, on a machine that is busy."""


class Payload(msgspec.Struct, frozen=True):
    """What a well-behaved one of the misbehaving upstreams says."""

    ok: bool
    items: list[str]


def endpoint(*asks: str, payload: Any = Payload) -> Endpoint:
    """Return the declaration of a service called ``service`` that is asked for ``asks``."""
    return Endpoint(
        name="service", service="", path="/v1/thing", asks=asks, payload=payload, timeout=""
    )


@asynccontextmanager
async def transport(
    name: str = DEFAULT, connect_seconds: float = 2.0
) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """Give a transport that is closed at the end.

    It has more time to connect than a page would give it: on a busy machine a test that makes a
    hundred connections meets one that takes 0.2 s, and that is not what it is about.
    """
    ours = build_transport(name, connect_seconds)
    try:
        yield ours
    finally:
        await ours.aclose()


def source_at(url: str, ours: httpx.AsyncBaseTransport, seconds: float = 3.0) -> Source:
    """Return the http source at ``url`` with the timeout of ``seconds`` that a page puts around."""
    return stack(http_source(endpoint(), url, ours), timeout("service", seconds))


def call(seconds: float = 5.0, **args: Any) -> Call:
    """Return a call with so many seconds to go."""
    return Call(Deadline.after(seconds), args)


@dataclass(frozen=True)
class Result:
    """How one call ended, and in how many seconds."""

    reply: Reply | None
    error: SourceError | None
    seconds: float

    @property
    def word(self) -> str:
        """``ok``, or the reason of the error."""
        return self.error.reason if self.error else "ok"


async def result_of(asking: Awaitable[Reply]) -> Result:
    """Wait for ``asking``. Anything that is raised and is no ``SourceError`` goes through."""
    started = time.monotonic()
    try:
        reply = await asking
    except SourceError as error:
        return Result(None, error, time.monotonic() - started)
    return Result(reply, None, time.monotonic() - started)


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> bool:
    """Return whether ``true`` became true within ``seconds``, asked again and again."""
    deadline = Deadline.after(seconds)
    while not await true():
        if deadline.expired:
            return False
        await asyncio.sleep(0.01)
    return True


@dataclass
class Memory:
    """The most megabytes by which this process grew."""

    grown: float = field(default=0.0)


@contextmanager
def watched_memory() -> Iterator[Memory]:
    """Look at the resident memory every millisecond, from a thread, until the block ends."""
    memory, ended, before = Memory(), threading.Event(), _megabytes()

    def watch() -> None:
        while not ended.wait(0.001):
            memory.grown = max(memory.grown, _megabytes() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()
        memory.grown = max(memory.grown, _megabytes() - before)


def _megabytes() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def open_files() -> int:
    """Return how many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
