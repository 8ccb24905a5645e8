"""A tus client's side of the wire, down to what it sends; and manuscripts to send."""

import asyncio
import re
from base64 import b64encode
from pathlib import Path

from tests.live import Server
from tests.server.wire import Answer, Connection, head

ENDPOINT = "/manuscripts/"
BYTES = "Content-Type: application/offset+octet-stream"
TUS = "Tus-Resumable: 1.0.0"
BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1489
"""About 64 KB of text."""


def metadata(name: str, media_type: str = "") -> str:
    """The header that names a file."""
    pairs = [f"filename {b64encode(name.encode()).decode()}"]
    if media_type:
        pairs.append(f"filetype {b64encode(media_type.encode()).decode()}")
    return f"Upload-Metadata: {','.join(pairs)}"


async def ask(gateway: Server, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
    """Ask on a connection of its own."""
    sized = (*headers, f"Content-Length: {len(body)}") if method not in ("HEAD", "GET") else headers
    async with Connection(gateway.url) as connection:
        await connection.send(head(method, path, *sized) + body)
        return await connection.answer(method)


async def begin(gateway: Server, length: int, name: str = "novel.txt") -> str:
    """Create an upload; its path."""
    headers = (TUS, f"Upload-Length: {length}", metadata(name))
    answer = await ask(gateway, "POST", ENDPOINT, *headers)
    assert answer.status == 201, answer
    return answer.headers["location"]


async def offset(gateway: Server, path: str) -> int:
    """How many bytes the server says it has."""
    answer = await ask(gateway, "HEAD", path, TUS)
    assert answer.status == 200, answer
    return int(answer.headers["upload-offset"])


def part(path: str, at: int, length: int) -> bytes:
    """The head of a PATCH."""
    return head("PATCH", path, TUS, BYTES, f"Upload-Offset: {at}", f"Content-Length: {length}")


async def add(gateway: Server, path: str, at: int, body: bytes) -> Answer:
    """Send a part, whole."""
    async with Connection(gateway.url) as connection:
        await connection.send(part(path, at, len(body)) + body)
        return await connection.answer("PATCH")


async def reaches(gateway: Server, path: str, least: int) -> int:
    """Wait until the server has at least so many bytes; how many."""
    async with asyncio.timeout(10):
        while (stands := await offset(gateway, path)) < least:
            await asyncio.sleep(0.02)
    return stands


def resident_bytes(gateway: Server, which: str = "VmHWM") -> int:
    """The memory that a gateway holds, or the most that it ever held."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path(f"/proc/{gateway.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def kept_files(root: Path) -> list[Path]:
    """The files of all manuscripts in an UPLOADS_ROOT."""
    return [path for path in root.rglob("*") if path.is_file()]
