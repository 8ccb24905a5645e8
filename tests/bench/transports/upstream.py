"""The fast upstream: a process of its own, which does not compete with the client for a core."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_ITEMS = b", ".join(b'{"isbn": "9780141439518", "n": %d}' % n for n in range(30))
_BODY = b'{"items": [%b]}' % _ITEMS
_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
    + _BODY
)


class _Fast(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self._transport.write(_REPLY * len(requests))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Fast, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent holds the other end of standard input; its end is ours.
    await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def fast_upstream() -> AsyncIterator[str]:
    """Start the fast upstream on another core than this process's and give its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.stdin.close()
        await process.wait()


def pin(core: int) -> None:
    """Keep this process, and the threads that it starts later, on one core where possible."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    pin(1)
    asyncio.run(_serve())
