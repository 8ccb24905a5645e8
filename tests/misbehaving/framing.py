"""Upstreams whose replies break the rules of HTTP/1.1 itself (RFC 9112)."""

from asyncio import StreamReader, StreamWriter

from .wire import GOOD_BODY, answer, chunk, head, hold, read_request, reply, send


async def content_length_too_long(reader: StreamReader, writer: StreamWriter) -> None:
    """Promises more bytes than it sends, then closes: the body is truncated."""
    await answer(reader, writer, head("Content-Length: 4096") + GOOD_BODY)


async def content_length_too_short(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends more bytes than it promised and stays connected: the rest is a stray reply."""
    await read_request(reader)
    await send(writer, head("Content-Length: 5") + GOOD_BODY)
    await hold(reader)


async def negative_content_length(reader: StreamReader, writer: StreamWriter) -> None:
    """Says that the body has minus one byte."""
    await answer(reader, writer, head("Content-Length: -1") + GOOD_BODY)


async def conflicting_content_lengths(reader: StreamReader, writer: StreamWriter) -> None:
    """Names two different lengths."""
    length = f"Content-Length: {len(GOOD_BODY)}\r\nContent-Length: 5"
    await answer(reader, writer, head(length) + GOOD_BODY)


async def chunked_and_content_length(reader: StreamReader, writer: StreamWriter) -> None:
    """Names a length and the chunked coding too, the shape of response smuggling."""
    framing = "Content-Length: 5\r\nTransfer-Encoding: chunked"
    await answer(reader, writer, head(framing) + chunk(GOOD_BODY) + chunk(b""))


async def broken_chunk_size(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends one good chunk and then a size that is no number."""
    body = chunk(GOOD_BODY) + b"zz\r\nnonsense\r\n" + chunk(b"")
    await answer(reader, writer, head("Transfer-Encoding: chunked") + body)


async def chunk_longer_than_its_size(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a chunk with more bytes than its size says."""
    body = b"5\r\n" + GOOD_BODY + b"\r\n" + chunk(b"")
    await answer(reader, writer, head("Transfer-Encoding: chunked") + body)


async def garbage_status_line(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers with bytes that are no HTTP at all."""
    await answer(reader, writer, b"\x16\x03\x01 what is this?\r\n\r\n")


async def http_09(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends the bare body, as HTTP/0.9 did."""
    await answer(reader, writer, GOOD_BODY)


async def http2_preface(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers with an HTTP/2 SETTINGS frame."""
    await answer(reader, writer, b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")


async def nul_in_header(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a header with a NUL in its value."""
    await answer(reader, writer, reply(headers=b"X-Odd: a\x00b\r\n"))


async def bad_utf8_in_header(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends a header whose value is no UTF-8."""
    await answer(reader, writer, reply(headers=b"X-Odd: \xff\xfe\r\n"))


async def no_content(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers 204, which has no body."""
    await answer(reader, writer, b"HTTP/1.1 204 No Content\r\n\r\n")


async def partial_content(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers 206 although no range was asked for."""
    span = f"Content-Range: bytes 0-4/{len(GOOD_BODY)}\r\n".encode()
    await answer(reader, writer, reply(GOOD_BODY[:5], "206 Partial Content", headers=span))


async def not_modified(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers 304 although nothing was asked conditionally."""
    await answer(reader, writer, b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')


async def unknown_encoding(reader: StreamReader, writer: StreamWriter) -> None:
    """Claims a content encoding that nobody knows."""
    await answer(reader, writer, reply(headers=b"Content-Encoding: rot13\r\n"))


async def switches_protocols(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers 101 although no upgrade was asked for."""
    await answer(reader, writer, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tea\r\n\r\n")


BEHAVIOURS = {
    "content_length_too_long": content_length_too_long,
    "content_length_too_short": content_length_too_short,
    "negative_content_length": negative_content_length,
    "conflicting_content_lengths": conflicting_content_lengths,
    "chunked_and_content_length": chunked_and_content_length,
    "broken_chunk_size": broken_chunk_size,
    "chunk_longer_than_its_size": chunk_longer_than_its_size,
    "garbage_status_line": garbage_status_line,
    "http_09": http_09,
    "http2_preface": http2_preface,
    "nul_in_header": nul_in_header,
    "bad_utf8_in_header": bad_utf8_in_header,
    "no_content": no_content,
    "partial_content": partial_content,
    "not_modified": not_modified,
    "unknown_encoding": unknown_encoding,
    "switches_protocols": switches_protocols,
}
