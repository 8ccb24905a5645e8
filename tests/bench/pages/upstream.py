"""An upstream that takes its time, as a process: it is told ``FOLDER SECONDS PORT …``.

Every port answers with the same replies, each after its own time.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from tests.bench.pages.replies import MEMBERS_RECCO, RESOURCES, Resource

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
Replies = dict[bytes, bytes]


class Late(asyncio.Protocol):
    """A connection whose answers come after ``seconds``, in the order of the questions."""

    def __init__(self, replies: Replies, seconds: float) -> None:
        self._replies = replies
        self._seconds = seconds
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where the answers go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole; none of them has a body."""
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for request in requests:
            self._answer_later(chosen(self._replies, request))

    def _answer_later(self, reply: bytes) -> None:
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, reply)
        else:
            self._transport.write(reply)


def chosen(replies: Replies, request: bytes) -> bytes:
    """Return what there is at the path of ``request``; a member is told what is a member's."""
    target = request.split(b" ", 2)[1]
    path, _, query = target.partition(b"?")
    named = b"member_id=" in query
    return replies.get(path + b"?" if named else path, replies.get(path, NOT_FOUND))


def read(folder: Path) -> Replies:
    """Return the whole replies, head and body, by their paths."""
    replies = {each.path.encode(): _whole(folder, each) for each in RESOURCES}
    return replies | {MEMBERS_RECCO.path.encode() + b"?": _whole(folder, MEMBERS_RECCO)}


def _whole(folder: Path, resource: Resource) -> bytes:
    body = (folder / resource.file).read_bytes()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {resource.content_type}\r\n"
        f"Cache-Control: {resource.cache_control}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def serve(folder: Path, ports: list[tuple[float, int]]) -> None:
    """Serve until the process is ended."""
    loop, replies = asyncio.get_running_loop(), read(folder)
    for seconds, port in ports:
        await loop.create_server(partial(Late, replies, seconds), "127.0.0.1", port, backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    numbers = sys.argv[2:]
    pairs = [
        (float(seconds), int(port))
        for seconds, port in zip(numbers[::2], numbers[1::2], strict=True)
    ]
    uvloop.run(serve(Path(sys.argv[1]), pairs))
