"""Upstreams that are late, leave early, or never say anything."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from itertools import cycle

from .wire import GOOD_BODY, Behaviour, answer, head, hold, read_request, reply, send, trickle


async def good(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers every request of the connection with a small JSON object."""
    while await read_request(reader):
        await send(writer, reply())


async def good_once(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers well and then closes without notice: a stale connection is left behind."""
    await answer(reader, writer, reply())


async def closes_on_second_request(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers one request and closes at the next, as when an idle connection times out."""
    await answer(reader, writer, reply())
    await read_request(reader)


async def hangs(reader: StreamReader, writer: StreamWriter) -> None:
    """Accepts, reads the request and never answers."""
    await hold(reader)


async def headers_trickle(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends an endless row of small headers, one byte at a time: each single read is in time."""
    await read_request(reader)
    await send(writer, b"HTTP/1.1 200 OK\r\n")
    await trickle(writer, b"X-Slow: yes\r\n")


async def body_trickles(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends the head at once and the body one byte at a time, without an end."""
    await read_request(reader)
    await send(writer, head(f"Content-Length: {1024 * 1024}"))
    await trickle(writer, b" ")


async def closed_on_accept(reader: StreamReader, writer: StreamWriter) -> None:
    """Closes the connection as soon as it is there."""


async def closed_before_reply(reader: StreamReader, writer: StreamWriter) -> None:
    """Reads the request and closes without a word."""
    await read_request(reader)


async def closed_in_headers(reader: StreamReader, writer: StreamWriter) -> None:
    """Closes in the middle of a header."""
    await answer(reader, writer, b"HTTP/1.1 200 OK\r\nContent-Type: appli")


async def closed_in_body(reader: StreamReader, writer: StreamWriter) -> None:
    """Closes in the middle of a chunked body."""
    await answer(reader, writer, head("Transfer-Encoding: chunked") + b"%x\r\n" % 4096 + GOOD_BODY)


async def reset_before_reply(reader: StreamReader, writer: StreamWriter) -> None:
    """Reads the request and resets the connection."""
    await read_request(reader)
    _reset(writer)


async def reset_in_body(reader: StreamReader, writer: StreamWriter) -> None:
    """Resets the connection in the middle of the body."""
    await answer(reader, writer, head("Content-Length: 4096") + GOOD_BODY)
    # The client should meet the reset while it reads the body, not before it has seen the head.
    await asyncio.sleep(0.05)
    _reset(writer)


def alternate(*behaviours: Behaviour) -> Behaviour:
    """Return a behaviour that takes the given ones in turn, one for each connection."""
    turns = cycle(behaviours)

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        """Takes several behaviours in turn."""
        await next(turns)(reader, writer)

    return behave


def _reset(writer: StreamWriter) -> None:
    # With a linger time of zero, closing sends RST instead of FIN.
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


BEHAVIOURS = {
    "good": good,
    "good_once": good_once,
    "closes_on_second_request": closes_on_second_request,
    "hangs": hangs,
    "headers_trickle": headers_trickle,
    "body_trickles": body_trickles,
    "closed_on_accept": closed_on_accept,
    "closed_before_reply": closed_before_reply,
    "closed_in_headers": closed_in_headers,
    "closed_in_body": closed_in_body,
    "reset_before_reply": reset_before_reply,
    "reset_in_body": reset_in_body,
    "flapping": alternate(good_once, closed_before_reply),
}
