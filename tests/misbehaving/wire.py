"""What every behaviour is written with: reading a request, building a reply, holding still."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

# What a behaviour is: it gets one accepted connection and does with it what its name says.
Behaviour = Callable[[StreamReader, StreamWriter], Awaitable[None]]

GOOD_VALUE = {"ok": True, "items": ["one", "two"]}
GOOD_BODY = json.dumps(GOOD_VALUE).encode()

MAX_REQUEST_BODY_BYTES = 1024 * 1024
# Whoever claims to be endless stops here at the latest: a broken client cannot fill a machine.
ENDLESS_BYTES = 512 * 1024 * 1024
BLOCK_BYTES = 64 * 1024
TRICKLE_SECONDS = 0.05


async def read_request(reader: StreamReader) -> bytes:
    """Return the head of the next request and drop its body; empty when the client has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
    length = _content_length(head)
    if length:
        await reader.readexactly(min(length, MAX_REQUEST_BODY_BYTES))
    return head


def reply(
    body: bytes = GOOD_BODY,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: bytes = b"",
) -> bytes:
    """Return a whole well-formed reply; ``headers`` are complete lines, each ended with CR LF."""
    return head(f"Content-Length: {len(body)}", status, content_type, headers) + body


def head(
    framing: str, status: str = "200 OK", content_type: str = "application/json", more: bytes = b""
) -> bytes:
    """Return the head of a reply and its empty line; ``framing`` is what sizes the body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", framing]
    return "".join(f"{line}\r\n" for line in lines if line).encode() + more + b"\r\n"


def chunk(data: bytes) -> bytes:
    """Return ``data`` as one chunk of the chunked transfer coding (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def send(writer: StreamWriter, data: bytes) -> None:
    """Write and wait until the client has taken most of it."""
    writer.write(data)
    await writer.drain()


async def answer(reader: StreamReader, writer: StreamWriter, data: bytes) -> None:
    """Read one request, send ``data`` and leave; the server then closes the connection."""
    if await read_request(reader):
        await send(writer, data)


async def trickle(writer: StreamWriter, data: bytes) -> None:
    """Send ``data`` byte by byte, again and again from its start, until the client gives up."""
    while True:
        for byte in data:
            await send(writer, bytes([byte]))
            await asyncio.sleep(TRICKLE_SECONDS)


async def flood(writer: StreamWriter, block: bytes) -> None:
    """Send ``block`` over and over, as fast as the client takes it, up to ``ENDLESS_BYTES``."""
    for _ in range(ENDLESS_BYTES // len(block)):
        await send(writer, block)


async def hold(reader: StreamReader) -> None:
    """Say nothing more until the client goes away."""
    while await reader.read(BLOCK_BYTES):
        pass


def _content_length(request_head: bytes) -> int:
    for line in request_head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
