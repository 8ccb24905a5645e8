"""What strangers may try: each gets a clear answer, and nobody else notices."""

import asyncio
import re
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.chat.client import PATIENCE_SECONDS, Client, address, connected, joined
from tests.integration.chat.conftest import fill, guest_cookie
from tests.live import Server, Shop
from tests.server.wire import Connection

MEMORY_BYTES = 15_000_000
FLOOD_BYTES = 40_000_000
# As docs/chat.md promises.
BURST_BYTES = 32_768
BYTES_PER_SECOND = 16_384
SLACK_BYTES = 16_384


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example",
        "null",
        "http://localhost:1",
        "http://127.0.0.1.evil.example",
        "file://",
    ],
)
async def test_a_page_of_somebody_elses_is_refused(each: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address(each), origin=origin, proxy=None):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_page_of_ours_is_let_in(each: Server, scheme: str) -> None:
    """Whatever stands before us may have ended TLS."""
    origin = f"{scheme}://127.0.0.1:{each.port}"
    async with joined(each, origin=origin) as client:
        assert client.welcome["version"] == 1


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1, x"])
async def test_a_host_that_is_not_ours_is_refused(each: Server, host: str) -> None:
    status = await handshake_status(each, "/ws/chat/front-table/", f"Host: {host}")
    assert status in (400, 403)


@pytest.mark.parametrize(
    "line",
    [
        "Sec-WebSocket-Protocol: caf\xc3\xa9",
        "Sec-WebSocket-Version: 99",
        "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Extensions: permessage-deflate; x=" + "y" * 3000,
        "Cookie: guest=" + "x" * 3000 + "; sessionid=\xff\xfe{}",
        "Daphne-Root-Path: /evil%ff",
        "X-Forwarded-For: nonsense",
    ],
)
async def test_a_strange_handshake_leaves_no_trace(each: Server, line: str) -> None:
    before = len(each.said())
    status = await handshake_status(each, "/ws/chat/front-table/", line)
    assert status in (101, 400, 403)
    assert "Traceback" not in each.said()[before:]
    assert '"error"' not in each.said()[before:]


@pytest.mark.parametrize(
    "path",
    ["nowhere", "a/b", "%00", "x" * 41, "front-table%2f", "..%2f..%2f", "front-table%0d%0aX:y"],
)
async def test_a_room_that_is_not_there_is_closed_as_such(each: Server, path: str) -> None:
    async with connected(each, path) as client:
        assert await client.closed() == (4404, "There is no such room.")


async def test_another_version_of_the_protocol_is_told_which_one_is_spoken(shop: Shop) -> None:
    async with connected(shop.gateway, query="?version=2") as client:
        code, reason = await client.closed()
        assert code == 4400
        assert reason.endswith("is 1.")


@pytest.mark.parametrize("last_seen", ["-1", "x", "9" * 30, "1e3", "", "%00", "1&last_seen=2"])
async def test_nonsense_for_what_was_seen_is_a_first_visit(shop: Shop, last_seen: str) -> None:
    async with connected(shop.gateway, query=f"?last_seen={last_seen}") as client:
        await client.next()
        assert (await client.next())["type"] == "history"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "null",
        "hello",
        '{"type":"shout","text":"x"}',
        '{"type":"say"}',
        '{"type":"say","text":5}',
        '{"type":"say","text":null}',
        '{"type":"say","text":"x","client_id":"not one!"}',
        '{"type":"say","text":"x","client_id":"' + "x" * 65 + '"}',
        '{"type":"say","text":"\\ud800"}',
        "[" * 3000,
        '{"type":"say","text":NaN}',
    ],
)
async def test_what_is_no_message_is_answered_as_such(shop: Shop, room: str, raw: str) -> None:
    async with joined(shop.gateway, room) as client:
        await client.send(raw)
        error = await client.next()
        assert (error["type"], error["code"]) == ("error", "malformed")
        assert (await client.said("and on we go"))["text"] == "and on we go"


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b\u200d", "\x00\x07", "\u202e", "\u3164"])
async def test_what_cannot_be_seen_is_not_said(shop: Shop, room: str, text: str) -> None:
    async with joined(shop.gateway, room) as client:
        await client.say(text, "nothing")
        error = await client.next()
        assert (error["code"], error["client_id"]) == ("empty", "nothing")


async def test_four_kilobytes_of_any_script_are_taken_and_one_byte_more_is_not(
    each: Server, room: str
) -> None:
    async with joined(each, room) as client:
        for whole in ("x" * 4096, "語" * 1365, "я" * 2048):
            assert (await client.said(whole))["text"] == whole
        await client.say("x" * 4097)
        code, reason = await client.closed()
        assert code == 1009
        assert "4096" in reason


@pytest.mark.parametrize("size", [4_097, 16_385, 300_000])
async def test_a_frame_that_is_too_large_ends_the_connection(each: Server, size: int) -> None:
    async with joined(each) as client:
        await client.send("x" * size)
        assert (await client.closed())[0] == 1009


async def test_only_text_is_understood(each: Server) -> None:
    async with joined(each) as client:
        await client.send(b"\x00\x01")
        assert (await client.closed())[0] == 1003


async def test_who_is_too_fast_is_slowed_down_and_then_sent_away(each: Server, room: str) -> None:
    async with joined(each, room) as client, joined(each, room) as neighbour:
        for number in range(40):
            await client.say(f"number {number}", f"n-{number}")
        stored, refused = 0, 0
        code = 0
        try:
            while True:
                event = await client.next()
                stored += event["type"] == "stored"
                refused += event.get("code") == "slow-down" and event["retry_after"] > 0
        except ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd else 1006
        assert code == 1008
        assert 10 <= stored <= 15
        assert 20 <= refused <= 25
        assert (await neighbour.said("I am still here"))["text"]


async def test_who_talks_nonsense_all_the_time_is_sent_away(each: Server) -> None:
    async with joined(each) as client:
        for _ in range(30):
            await client.send("nonsense")
        assert (await client.closed())[0] == 1008


def rss_bytes(gateway: Server, which: str = "VmHWM") -> int:
    """The memory that it has held at most, or with ``VmRSS`` holds."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path(f"/proc/{gateway.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame, with a mask of zeros. Only short ones."""
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


@pytest.mark.parametrize(
    "frame",
    [
        masked(9, b"p" * 100),  # pings, which are to be answered
        masked(1, b""),
        masked(1, b'{"type":"ping"}'),
        masked(0, b""),  # the rest of a message that never began
        bytes([0x01, 0x80]) + bytes(4),  # the beginning of messages that never end
    ],
    ids=["pings", "empty", "commands", "continuations", "fragments"],
)
async def test_a_flood_is_not_kept_and_nobody_else_notices(
    shop: Shop, each: Server, room: str, frame: bytes
) -> None:
    """Whoever floods reads nothing either."""
    async with joined(each, room) as neighbour:
        await neighbour.said("before")
        before = rss_bytes(each)
        flooding = asyncio.create_task(flood(each, frame))
        for number in range(5):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await neighbour.said(f"during {number}")
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        assert rss_bytes(each) - before < MEMORY_BYTES


async def flood(gateway: Server, frame: bytes) -> None:
    """Send frames as fast as they are taken, and read nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(upgrade(gateway, "/ws/chat/front-table/"))
    await reader.readuntil(b"\r\n\r\n")
    block = frame * (65_536 // len(frame))
    try:
        for _ in range(FLOOD_BYTES // len(block)):
            writer.write(block)
            await writer.drain()
    finally:
        writer.transport.abort()


async def test_whatever_comes_is_read_no_faster_than_a_person_types(
    each: Server, room: str
) -> None:
    """A megabyte of pings, and all answers to them are taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", each.port)
    writer.write(upgrade(each, "/ws/chat/front-table/"))
    await reader.readuntil(b"\r\n\r\n")
    async with joined(each, room) as neighbour:
        began = time.monotonic()
        writer.write(masked(9, b"p" * 100) * 10_000)
        answered = len(await reader.readexactly(BURST_BYTES // 2))
        for number in range(10):
            await neighbour.said(f"word {number}")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        answered += len(reader._buffer)  # type: ignore[attr-defined]
        seconds = time.monotonic() - began
    writer.transport.abort()
    assert answered < BURST_BYTES + seconds * BYTES_PER_SECOND + SLACK_BYTES


async def test_one_who_does_not_read_is_sent_away_and_costs_nothing(
    shop: Shop, each: Server, room: str
) -> None:
    """More than a megabyte comes at once; whoever reads gets all of it."""
    async with joined(each, room) as reader:
        first = await reader.said("the first page")
        slow = await deaf(each, room)
        before = rss_bytes(each)
        fill(shop, room, 350, "x" * 4000, first["change"] + 1)
        await reader.say("the last page")
        while (await reader.until("message"))["text"] != "the last page":
            pass
        async with asyncio.timeout(PATIENCE_SECONDS):
            while '"code": 1013' not in each.said():
                await asyncio.sleep(0.02)
        assert rss_bytes(each) - before < MEMORY_BYTES
        slow.close()


async def test_a_long_history_is_not_kept_for_each_who_listens(
    shop: Shop, each: Server, room: str
) -> None:
    fill(shop, room, 50, "x" * 4096)
    async with AsyncExitStack() as visitors:
        await visitors.enter_async_context(joined(each, room))
        before = rss_bytes(each, "VmRSS")
        for _ in range(60):
            await visitors.enter_async_context(joined(each, room))
        assert rss_bytes(each, "VmRSS") - before < 60 * 50 * 4096 / 2


async def deaf(gateway: Server, room: str) -> socket.socket:
    """Join a room and never read again."""
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", gateway.port))
    slow.sendall(upgrade(gateway, f"/ws/chat/{room}/"))
    slow.recv(100)
    return slow


async def test_there_are_only_so_many_connections_of_one_visitor(shop: Shop, room: str) -> None:
    cookie = guest_cookie(shop)
    async with (
        asyncio.timeout(30),
        joined_all(shop.gateway, room, cookie, 20),
        connected(shop.gateway, room, additional_headers=cookie) as client,
    ):
        assert (await client.closed())[0] == 4429
    async with joined(shop.gateway, room, additional_headers=cookie) as client:
        assert client.welcome["you"]["kind"] == "guest"


def upgrade(gateway: Server, path: str, *lines: str) -> bytes:
    """The handshake, with ``lines`` in place of ours of the same name."""
    ours = {
        "Host": f"127.0.0.1:{gateway.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
    }
    ours |= dict(line.split(": ", 1) for line in lines)
    fields = "".join(f"{name}: {value}\r\n" for name, value in ours.items())
    return f"GET {path} HTTP/1.1\r\n{fields}\r\n".encode("latin1")


async def handshake_status(gateway: Server, path: str, *lines: str) -> int:
    """The status with which a handshake is answered."""
    async with Connection(gateway.url) as connection:
        await connection.send(upgrade(gateway, path, *lines))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return int((await connection.reader.readline()).split()[1])


class joined_all:  # noqa: N801 - used like a function
    """Many clients at once."""

    def __init__(self, gateway: Server, room: str, headers: dict[str, str], count: int) -> None:
        self._all = [joined(gateway, room, additional_headers=headers) for _ in range(count)]

    async def __aenter__(self) -> list[Client]:
        return [await each.__aenter__() for each in self._all]

    async def __aexit__(self, *why: object) -> None:
        for each in self._all:
            await each.__aexit__(None, None, None)
