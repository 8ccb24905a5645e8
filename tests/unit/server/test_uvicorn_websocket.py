"""A WebSocket on uvicorn, without a network: when it reads, and how it ends."""

import asyncio
from typing import Any

import pytest

from gateway.server.pace import BURST_BYTES, CLOSE_SECONDS, FAREWELL
from gateway.server.uvicorn.websocket import BoundedWebSocket
from tests.fakes import VirtualClock
from tests.unit.server.test_uvicorn_connection import Wire, a_moment, connected, says_hello

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)
PING, TEXT, CLOSE = 0x89, 0x81, 0x88
PONG = bytes([0x8A, 1]) + b"p"


class SwitchingWire(Wire):
    """A wire whose connection may become another one."""

    protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, with a mask of zeros."""
    return bytes([opcode, 0x80 | len(payload)]) + bytes(4) + payload


def accepted(*then: Any) -> tuple[BoundedWebSocket, SwitchingWire, list[Any]]:
    """Return a WebSocket, its wire, and what its application hears; ``then`` is what it sends."""
    heard: list[Any] = []

    async def talks(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for message in then:
            await send(message)
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])
        heard.append(message)

    connection, _ = connected(talks)
    wire = SwitchingWire()
    connection.connection_made(wire)
    connection.data_received(HANDSHAKE + b"\r\n")
    return wire.protocol, wire, heard


async def test_it_is_accepted_and_hears_what_comes() -> None:
    websocket, wire, heard = accepted()
    await a_moment()
    websocket.data_received(frame(TEXT, b"one") + frame(TEXT, b"two"))
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 101 ")
    assert heard == ["one", "two"]


async def test_what_came_with_the_handshake_is_not_lost() -> None:
    websocket, _, heard = accepted()
    websocket.data_received(frame(TEXT, b"early"))
    await a_moment()
    assert heard == ["early"]


async def test_whoever_takes_nothing_in_is_not_read_from_not_even_his_pings() -> None:
    websocket, wire, _ = accepted()
    await a_moment()
    websocket.pause_writing()
    before = wire.said
    websocket.data_received(frame(PING, b"p"))
    assert wire.said == before
    assert not wire.reads
    websocket.resume_writing()
    assert wire.said == before + PONG
    assert wire.reads


async def test_a_burst_is_read_and_then_no_more_than_a_person_types(clock: VirtualClock) -> None:
    websocket, wire, _ = accepted()
    await a_moment()
    pings = frame(PING, b"p") * (2 * BURST_BYTES // 7)
    websocket.data_received(pings)
    read = wire.said.count(PONG) * 7
    assert BURST_BYTES <= read < 1.2 * BURST_BYTES
    assert not wire.reads
    await asyncio.sleep(10)
    assert wire.said.count(PONG) * 7 >= len(pings) - 7
    assert wire.reads


async def test_a_server_that_ends_says_so_and_does_not_wait_for_ever(clock: VirtualClock) -> None:
    websocket, wire, heard = accepted()
    await a_moment()
    websocket.go_away()
    await a_moment()
    assert wire.said.endswith(b"\x03\xe9" + FAREWELL.encode())
    assert heard[-1]["code"] == 1001
    assert wire.ends == ""
    await asyncio.sleep(CLOSE_SECONDS + 1)
    assert wire.ends == "aborted"


async def test_a_visitor_who_answers_the_farewell_is_let_go_at_once() -> None:
    websocket, wire, _ = accepted()
    await a_moment()
    websocket.go_away()
    websocket.data_received(frame(CLOSE, b"\x03\xe9"))
    assert wire.ends == "closed"


async def test_a_reason_is_cut_where_it_is_too_long_and_never_within_a_letter() -> None:
    closing = {"type": "websocket.close", "code": 4000, "reason": "ä" * 200}
    _, wire, _ = accepted(closing)
    await a_moment()
    assert wire.said.endswith(b"\x0f\xa0" + "ä".encode() * 61)


@pytest.mark.parametrize(
    "wrong",
    [frame(0x80, b"rest of nothing"), frame(TEXT, b"\xff"), frame(0xC1, b"reserved")],
    ids=["continuation", "no text", "reserved bits"],
)
async def test_what_is_no_message_is_told_before_the_end(wrong: bytes) -> None:
    websocket, wire, heard = accepted()
    await a_moment()
    websocket.data_received(wrong)
    await a_moment()
    assert heard[-1]["type"] == "websocket.disconnect"
    assert wire.ends == "half"


async def test_a_handshake_whose_address_is_no_text_is_refused() -> None:
    connection, _ = connected(says_hello)
    wire = SwitchingWire()
    connection.connection_made(wire)
    connection.data_received(HANDSHAKE.replace(b"/ws", b"/ws?x=\xff") + b"\r\n")
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 400 ")


async def test_a_handshake_that_is_none_is_refused() -> None:
    connection, _ = connected(says_hello)
    wire = SwitchingWire()
    connection.connection_made(wire)
    connection.data_received(HANDSHAKE.replace(b"AAAA", b"x") + b"\r\n")
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 400 ")


async def test_a_handshake_that_its_library_cannot_read_is_refused() -> None:
    """It takes fewer fields, and shorter ones, than a page may have."""
    connection, _ = connected(says_hello)
    wire = SwitchingWire()
    connection.connection_made(wire)
    connection.data_received(HANDSHAKE + b"X: a\r\n" * 300 + b"\r\n")
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 400 ")
    assert wire.ends == "half"
