"""How much a visitor may send: never more than the limit, and never into our memory."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.process import wait_until
from tests.live import START_SECONDS, Server, Shop, complete
from tests.server.wire import Answer, ClosedUnanswered, Connection, head

LIMIT_BYTES = 100_000
BLOCK = b"x" * 65_536
FLOOD_BLOCKS = 800  # about 50 MB
MEMORY_BYTES = 12_000_000
CUT_OFF_SECONDS = 10.0


@pytest.fixture(scope="module")
def gateway(shop: Shop, server: str) -> Iterator[Server]:
    """A gateway that takes bodies of 100,000 bytes."""
    with shop.another_gateway(MAX_BODY_BYTES=str(LIMIT_BYTES), SERVER=server) as gateway:
        # Its first page takes memory for good, which is not what is measured here.
        assert wait_until(lambda: complete(gateway), START_SECONDS), gateway.said()
        yield gateway


def peak_bytes(gateway: Server) -> int:
    """The most memory that it has ever held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{gateway.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


async def flood(connection: Connection, *, chunked: bool) -> None:
    """Send a body of 50 MB as if nothing could go wrong."""
    for _ in range(FLOOD_BLOCKS):
        await connection.send(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK) if chunked else BLOCK)
    await connection.send(b"0\r\n\r\n" if chunked else b"")


async def dribble(connection: Connection) -> None:
    """Go on sending a byte now and then, for ever."""
    while True:
        await connection.send(b"x")
        await asyncio.sleep(0.02)


def refused(answer: Answer) -> bool:
    return answer.status == 413 and answer.closes and b"larger than" in answer.body


@pytest.mark.parametrize("path", ["/", "/signin/", "/nowhere"])
@pytest.mark.parametrize(
    "framing", [f"Content-Length: {len(BLOCK) * FLOOD_BLOCKS}", "Transfer-Encoding: chunked"]
)
async def test_a_body_over_the_limit_is_refused_and_never_held(
    gateway: Server, path: str, framing: str
) -> None:
    before = peak_bytes(gateway)
    async with Connection(gateway.url) as connection:
        await connection.send(head("POST", path, framing))
        flooding = asyncio.create_task(flood(connection, chunked="chunked" in framing))
        assert refused(await connection.answer())
        with contextlib.suppress(ClosedUnanswered):
            await flooding
    assert peak_bytes(gateway) - before < MEMORY_BYTES


async def test_a_person_gets_the_refusal_as_a_page_with_a_way_back(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        size = f"Content-Length: {len(BLOCK) * FLOOD_BLOCKS}"
        await connection.send(head("POST", "/", size, "Accept: text/html,*/*;q=0.8"))
        answer = await connection.answer()
    assert refused(answer)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    assert b'<a href="/">' in answer.body


async def test_who_goes_on_sending_after_a_refusal_is_cut_off(gateway: Server) -> None:
    async with Connection(gateway.url) as connection, asyncio.timeout(CUT_OFF_SECONDS):
        await connection.send(head("POST", "/", f"Content-Length: {len(BLOCK) * FLOOD_BLOCKS}"))
        assert refused(await connection.answer())
        with pytest.raises(ClosedUnanswered):
            await dribble(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        head("POST", "/signin/", f"Content-Length: {LIMIT_BYTES + 1}"),
        head("GET", "/", f"Content-Length: {LIMIT_BYTES + 1}"),
        head("POST", "/signin/", "Transfer-Encoding: chunked")
        + b"%x\r\n" % (LIMIT_BYTES + 1)
        + b"x" * (LIMIT_BYTES + 1),
        head("POST", "/", "Content-Length: 9" + "0" * 15),
    ],
)
async def test_the_refusal_is_readable_and_the_connections_end(
    gateway: Server, request_bytes: bytes
) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(request_bytes)
        assert refused(await connection.answer("POST"))
        assert await connection.until_closed() == b""


async def test_nobody_is_asked_for_a_body_that_was_refused(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(
            head("POST", "/", f"Content-Length: {LIMIT_BYTES + 1}", "Expect: 100-continue")
        )
        assert refused(await connection.answer())
        assert await connection.until_closed() == b""


async def test_what_follows_a_refused_body_is_no_request(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        body = b"x" * (LIMIT_BYTES + 1)
        await connection.send(
            head("POST", "/", f"Content-Length: {len(body)}") + body + head("GET", "/livez")
        )
        assert refused(await connection.answer())
        assert await connection.until_closed() == b""


async def test_a_body_at_the_limit_is_taken(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(
            head("POST", "/", f"Content-Length: {LIMIT_BYTES}") + b"x" * LIMIT_BYTES
        )
        assert (await connection.answer()).status == 405
        assert (await connection.get("/livez")).status == 200


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 5, 5",),
        ("Content-Length: 0x5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
    ],
)
async def test_a_body_whose_end_is_open_to_doubt_is_refused(
    gateway: Server, framing: tuple[str, ...]
) -> None:
    """Whoever stands before us might see its end elsewhere: the way of request smuggling."""
    async with Connection(gateway.url) as connection:
        await connection.send(head("POST", "/", *framing) + b"0\r\n\r\n" + head("GET", "/livez"))
        said = await connection.until_closed()
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b'{"status":"ok"}' not in said


@pytest.mark.parametrize(
    "raw",
    [
        head("GET", "/", "X: " + "x" * 20_000),
        head("GET", "/", *[f"X-{number}: y" for number in range(600)]),
        head("GET", "/" + "x" * 20_000),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_a_head_that_is_no_request_is_refused_or_hung_up_on(
    gateway: Server, raw: bytes
) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(raw)
        connection.writer.write_eof()
        said = await connection.until_closed()
        assert said == b"" or said.split(b" ")[1] in (b"400", b"414", b"431")
        assert b"Traceback" not in said


@pytest.mark.parametrize("value", ["/evil", "//evil.example", "\xff\xfe", "%ff", "/%00"])
async def test_daphnes_own_header_has_no_effect(gateway: Server, value: str) -> None:
    async with Connection(gateway.url) as connection:
        plain = await connection.get("/authors")
        await connection.send(head("GET", "/authors", f"Daphne-Root-Path: {value}"))
        told = await connection.answer()
        assert (told.status, told.headers["location"]) == (301, "/authors/")
        assert plain.headers["location"] == told.headers["location"]


@pytest.mark.parametrize("path", ["/", "/api/home", "/livez", "/books/", "/nowhere"])
async def test_a_head_has_no_body_and_leaves_the_connection_usable(
    gateway: Server, path: str
) -> None:
    async with Connection(gateway.url) as connection:
        head_only = await connection.get(path, "HEAD")
        got = await connection.get(path)
        assert head_only.status == got.status
        assert int(head_only.headers["content-length"]) > 0
