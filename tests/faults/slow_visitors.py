"""Visitors who never finish their request, in a process of their own.

Run as ``python -m tests.faults.slow_visitors PORT COUNT``: it opens so many connections, says so in
one line, and sends a byte of a header on each once in a while until its standard input ends.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.process import REPOSITORY

PAUSE_SECONDS = 1.0
END_SECONDS = 10.0
BEGINNING = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@contextmanager
def slow_visitors(port: int, count: int) -> Iterator[None]:
    """Let ``count`` visitors trickle their headers while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.slow_visitors", str(port), str(count)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == f"{count}\n"
        yield
        process.stdin.close()
        process.wait(END_SECONDS)


async def _trickle(port: int, count: int) -> None:
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(BEGINNING)
        writers.append(writer)
    sys.stdout.write(f"{len(writers)}\n")
    sys.stdout.flush()
    ended = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    while not ended.done():
        for writer in writers:
            writer.write(b"x")
            await asyncio.wait({ended}, timeout=PAUSE_SECONDS / count)
    for writer in writers:
        writer.transport.abort()


if __name__ == "__main__":
    asyncio.run(_trickle(int(sys.argv[1]), int(sys.argv[2])))
