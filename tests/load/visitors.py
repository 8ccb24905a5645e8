"""Many visitors at once, in a process of their own: ``ask_for`` starts it and returns what it saw.

Our own client, because it must see what a person would: whether the page was whole, how long it
took from the moment that it was wanted, and what a refusal said.
"""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NamedTuple, cast

import uvloop

HOST = "127.0.0.1"
PATIENCE_SECONDS = 10.0
HANG_UP_SECONDS = 0.002
PROBE_PAUSE_SECONDS = 0.1
PROBES = ("/livez", "/ops/")
"""What must answer however many come: health, and what staff need then (who is none, is sent on to
sign in)."""

MOST_HEAD_BYTES = 65_536


@dataclass(frozen=True)
class Load:
    """So many ``connections`` to ``port`` for ``seconds``.

    With a ``rate``, so many visitors come each second whether the others were answered or not, and
    one who finds no free connection is lost; with 0 each asks again as soon as he was answered.
    With ``anew`` each asks on a new connection, and says that it will be the only time.
    One visitor of ``hang_up_every`` hangs up before his page can be there; 0 for none.
    """

    port: int
    connections: int
    seconds: float
    rate: float = 0.0
    paths: tuple[str, ...] = ("/",)
    hang_up_every: int = 0
    anew: bool = False


class Answer(NamedTuple):
    """One answer: when it came (seconds from the beginning), and how long it took.

    ``status`` is 0 where there was none. ``retry_after`` is the header's text.
    """

    at: float
    seconds: float
    status: int
    complete: bool
    retry_after: str


class Seen(NamedTuple):
    """What visitors got, what ``PROBES`` said meanwhile, and for how many no connection was left.

    ``seconds`` is how long visitors came, ``core`` the share of a processor that it took to be all
    of them. ``lags`` says of each who came at his time how late (seconds) he was sent.
    """

    answers: list[Answer]
    livez: list[Answer]
    ops: list[Answer]
    lags: list[float]
    lost: int
    seconds: float
    core: float


def ask_for(load: Load, cores: Iterable[int] = ()) -> Seen:
    """Let visitors come from another process, on ``cores`` if any are named, and wait for the end.

    Raises ``subprocess.SubprocessError`` where that process fails or does not end.
    """
    told = json.dumps([asdict(load), list(cores)])
    done = subprocess.run(
        [sys.executable, "-m", __name__, told],
        stdout=subprocess.PIPE,
        check=True,
        timeout=load.seconds + 3 * PATIENCE_SECONDS,
    )
    *lists, lags, lost, seconds, core = json.loads(done.stdout)
    answers, livez, ops = ([Answer(*each) for each in one] for one in lists)
    return Seen(answers, livez, ops, lags, lost, seconds, core)


class _Connection(asyncio.Protocol):
    """One connection; ``ask`` sends a request and returns the answer when it is there."""

    def __init__(self, port: int, anew: bool) -> None:
        self._port = port
        self._anew = anew
        self._last = False
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answered: asyncio.Future[tuple[int, bool, str]] | None = None

    async def ask(self, path: str) -> tuple[int, bool, str]:
        """Return status, completeness and Retry-After; raises ``OSError`` if there is no answer."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, HOST, self._port)
        assert self._transport
        self._received.clear()
        self._answered = loop.create_future()
        last = "Connection: close\r\n" if self._anew else ""
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{last}\r\n".encode())
        try:
            return await self._answered
        finally:
            self._answered = None
            if self._anew or self._last:
                self.hang_up()

    def hang_up(self) -> None:
        """Close at once; asking again connects anew."""
        if self._transport:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_bytes = self._received.find(b"\r\n\r\n", 0, MOST_HEAD_BYTES)
        if head_bytes < 0 or self._answered is None or self._answered.done():
            return
        head = bytes(self._received[:head_bytes]).lower()
        if len(self._received) < head_bytes + 4 + int(_field(head, b"content-length") or 0):
            return
        self._last = _field(head, b"connection") == b"close"
        whole = _field(head, b"gateway-complete") == b"?1"
        retry_after = _field(head, b"retry-after").decode("latin-1")
        self._answered.set_result((int(head[9:12]), whole, retry_after))

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._answered and not self._answered.done():
            self._answered.set_exception(error or ConnectionResetError("closed without an answer"))


def _field(head: bytes, name: bytes) -> bytes:
    """Return a header's value out of a head in lower case; empty where there is none."""
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    end = head.find(b"\r\n", at + 2)
    return head[at + len(name) + 3 : end if end > 0 else None].strip()


class _Crowd:
    """All visitors of one load."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._began = time.monotonic()
        self._until = self._began + load.seconds
        self._asked = 0
        self._idle: list[_Connection] = []
        self.answers: list[Answer] = []
        self.probed: dict[str, list[Answer]] = {path: [] for path in PROBES}
        self.lags: list[float] = []
        self.lost = 0

    async def come(self) -> None:
        """Come, ask, and go when the time is over."""
        probing = [asyncio.create_task(self._probe(path)) for path in PROBES]
        await (self._arrive() if self._load.rate else self._insist())
        for probe in probing:
            probe.cancel()

    async def _insist(self) -> None:
        connections = [self._connection() for _ in range(self._load.connections)]
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(self._again_and_again(connection))

    async def _again_and_again(self, connection: _Connection) -> None:
        while time.monotonic() < self._until:
            await self._visit(connection, time.monotonic(), self.answers, self._path())

    async def _arrive(self) -> None:
        """Let visitors arrive as they do: at random, independently of each other."""
        self._idle = [self._connection() for _ in range(self._load.connections)]
        chance = random.Random(self._load.port)
        arrives = self._began
        async with asyncio.TaskGroup() as group:
            while arrives < self._until:
                if (wait := arrives - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                self.lags.append(max(0.0, time.monotonic() - arrives))
                if self._idle:
                    group.create_task(self._once(self._idle.pop(), arrives))
                else:
                    self.lost += 1
                arrives += chance.expovariate(self._load.rate)

    async def _once(self, connection: _Connection, wanted: float) -> None:
        await self._visit(connection, wanted, self.answers, self._path())
        self._idle.append(connection)

    async def _probe(self, path: str) -> None:
        connection = self._connection()
        while True:
            await self._visit(connection, time.monotonic(), self.probed[path], path)
            await asyncio.sleep(PROBE_PAUSE_SECONDS)

    async def _visit(
        self, connection: _Connection, wanted: float, seen: list[Answer], path: str
    ) -> None:
        every = self._load.hang_up_every
        hangs_up = every > 0 and path not in PROBES and self._asked % every == 0
        try:
            async with asyncio.timeout(HANG_UP_SECONDS if hangs_up else PATIENCE_SECONDS):
                status, whole, retry_after = await connection.ask(path)
        except (OSError, TimeoutError):
            connection.hang_up()
            if hangs_up:
                return
            status, whole, retry_after = 0, False, ""
        now = time.monotonic()
        seen.append(Answer(now - self._began, now - wanted, status, whole, retry_after))

    def _path(self) -> str:
        self._asked += 1
        return self._load.paths[self._asked % len(self._load.paths)]

    def _connection(self) -> _Connection:
        return _Connection(self._load.port, self._load.anew)


def main() -> None:
    """Read the load from the command line; print what was seen, as JSON."""
    told, cores = json.loads(sys.argv[1])
    if cores:
        os.sched_setaffinity(0, cores)
    load = Load(**{**told, "paths": tuple(told["paths"])})
    crowd = _Crowd(load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        before = _processor_seconds()
        runner.run(crowd.come())
        core = (_processor_seconds() - before) / load.seconds
    probed = [crowd.probed[path] for path in PROBES]
    json.dump(
        [crowd.answers, *probed, crowd.lags, crowd.lost, load.seconds, core],
        sys.stdout,
    )


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
