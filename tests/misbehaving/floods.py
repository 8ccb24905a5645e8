"""Upstreams that send more than anybody should take."""

import asyncio
import gzip
import struct
import zlib
from asyncio import StreamReader, StreamWriter
from functools import cache

from .wire import (
    BLOCK_BYTES,
    GOOD_BODY,
    answer,
    chunk,
    flood,
    head,
    read_request,
    reply,
    send,
)

BOMB_BYTES = 256 * 1024 * 1024
BIG_BODY_BYTES = 300 * 1024 * 1024


async def endless_body(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a chunked body that does not end."""
    await read_request(reader)
    await send(writer, head("Transfer-Encoding: chunked"))
    await flood(writer, chunk(b" " * BLOCK_BYTES))


async def endless_body_until_close(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a body without any length, which would end only when the connection does."""
    await read_request(reader)
    await send(writer, head("Connection: close"))
    await flood(writer, b" " * BLOCK_BYTES)


async def big_body(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends 300 MiB of body and says so truthfully."""
    await read_request(reader)
    await send(writer, head(f"Content-Length: {BIG_BODY_BYTES}"))
    for _ in range(BIG_BODY_BYTES // BLOCK_BYTES):
        await send(writer, b" " * BLOCK_BYTES)


async def gzip_bomb(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a quarter of a megabyte that unpacks to 256 MiB."""
    bomb = await asyncio.to_thread(_bomb)
    await answer(reader, writer, reply(bomb, headers=b"Content-Encoding: gzip\r\n"))


async def gzip_unasked(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a good body, packed although nobody asked for that."""
    packed = gzip.compress(GOOD_BODY)
    await answer(reader, writer, reply(packed, headers=b"Content-Encoding: gzip\r\n"))


async def many_headers(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a good reply with 2,000 small headers."""
    lines = b"".join(b"X-Flood-%d: yes\r\n" % number for number in range(2_000))
    await answer(reader, writer, reply(headers=lines))


async def endless_headers(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends headers that do not end, as fast as they are taken."""
    await read_request(reader)
    await send(writer, b"HTTP/1.1 200 OK\r\n")
    await flood(writer, b"X-Flood: yes\r\n" * 4_096)


async def header_of_9_kib(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a good reply with one header of 9 KiB, a little above what many clients take."""
    await answer(reader, writer, reply(headers=b"X-Big: " + b"x" * 9 * 1024 + b"\r\n"))


async def header_of_70_kib(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a good reply with one header of 70 KiB."""
    await answer(reader, writer, reply(headers=b"X-Big: " + b"x" * 70 * 1024 + b"\r\n"))


async def endless_status_line(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a status line that does not end."""
    await read_request(reader)
    await send(writer, b"HTTP/1.1 200 ")
    await flood(writer, b"O" * BLOCK_BYTES)


async def informational_flood(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends 1xx replies without an end, and never the final one (RFC 9110, 15.2)."""
    await read_request(reader)
    await flood(writer, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1_024)


async def endless_chunk_extension(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a chunk whose size line never ends (RFC 9112, 7.1.1)."""
    await read_request(reader)
    await send(writer, head("Transfer-Encoding: chunked") + b"5;")
    await flood(writer, b"x" * BLOCK_BYTES)


async def endless_trailers(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a good chunked body and then trailers that do not end."""
    await read_request(reader)
    await send(writer, head("Transfer-Encoding: chunked") + chunk(GOOD_BODY) + b"0\r\n")
    await flood(writer, b"X-Flood: yes\r\n" * 4_096)


@cache
def _bomb() -> bytes:
    # One packed megabyte, flushed so that it can be repeated, saves packing all of it.
    block = bytes(1024 * 1024)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    repeats = BOMB_BYTES // len(block)
    checksum = 0
    for _ in range(repeats):
        checksum = zlib.crc32(block, checksum)
    start = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    end = zlib.compressobj(9, wbits=-15).flush() + struct.pack("<II", checksum, BOMB_BYTES)
    return start + packed * repeats + end


BEHAVIOURS = {
    "endless_body": endless_body,
    "endless_body_until_close": endless_body_until_close,
    "big_body": big_body,
    "gzip_bomb": gzip_bomb,
    "gzip_unasked": gzip_unasked,
    "many_headers": many_headers,
    "endless_headers": endless_headers,
    "header_of_9_kib": header_of_9_kib,
    "header_of_70_kib": header_of_70_kib,
    "endless_status_line": endless_status_line,
    "informational_flood": informational_flood,
    "endless_chunk_extension": endless_chunk_extension,
    "endless_trailers": endless_trailers,
}
