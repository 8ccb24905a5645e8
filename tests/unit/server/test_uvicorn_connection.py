"""A connection on uvicorn, without a network: what it reads, when it waits, whom it tells."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.server.doorman import Doorman
from gateway.server.uvicorn.connection import BoundedConnection
from gateway.server.uvicorn.cycle import STALL_SECONDS
from gateway.server.uvicorn.line import HEAD_SECONDS, IDLE_SECONDS
from tests.fakes import VirtualClock

App = Callable[[Any, Any, Any], Awaitable[None]]

START = {"type": "http.response.start", "status": 200, "headers": []}
MOST_BYTES = 1_000_000
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\n\r\n"
"""Not a plain one, which would go past all that is tested here."""

EMPTY = SimpleNamespace(answer_to=lambda data, last: None)


def doorman_with(counter: Any) -> Any:
    """Return a doorman whose door is never full, with ``counter`` before it."""
    door = SimpleNamespace(full=False, expect=lambda: None)
    handler = SimpleNamespace(door=door, shelf=None, returning=None, way_of=lambda path: None)
    doorman = Doorman(cast(Any, handler))
    doorman.counter = counter
    return doorman


def nobody() -> Any:
    """Return a doorman with nothing to hand out, and nobody to turn away."""
    return doorman_with(EMPTY)


class Wire:
    """The transport of a connection whose other end is the test."""

    def __init__(self) -> None:
        self.said = b""
        self.reads = True
        self.ends = ""

    def write(self, data: bytes) -> None:
        self.said += data

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def write_eof(self) -> None:
        self.ends = self.ends or "half"

    def close(self) -> None:
        self.ends = "closed"

    def abort(self) -> None:
        self.ends = "aborted"

    def is_closing(self) -> bool:
        return self.ends in ("closed", "aborted")

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> None:
        return None


def connected(app: App) -> tuple[BoundedConnection, Wire]:
    """Return a connection on which ``app`` answers, and its wire."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, interface="asgi3")
    house = SimpleNamespace(most_body_bytes=MOST_BYTES, draining=False, doorman=nobody())
    connection = BoundedConnection(house, config=config, server_state=ServerState(), app_state={})
    wire = Wire()
    connection.connection_made(wire)
    return connection, wire


async def a_moment() -> None:
    """Let all run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def says_hello(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": b"hel", "more_body": True})
    await send({"type": "http.response.body", "body": b"lo"})


async def test_an_answer_of_unknown_length_comes_in_chunks() -> None:
    connection, wire = connected(says_hello)
    connection.data_received(GET)
    await a_moment()
    assert wire.said.endswith(b"\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    assert wire.ends == ""


async def test_who_knows_no_chunks_gets_none_and_the_end_is_the_connections() -> None:
    connection, wire = connected(says_hello)
    connection.data_received(b"GET / HTTP/1.0\r\n\r\n")
    await a_moment()
    assert wire.said.endswith(b"\r\n\r\nhello")
    assert b"chunked" not in wire.said
    assert wire.ends == "closed"


async def test_an_absolute_address_without_a_path_is_the_home_page() -> None:
    seen: list[Any] = []

    async def looks(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["path"], scope["raw_path"], scope["query_string"]))
        await says_hello(scope, receive, send)

    connection, _ = connected(looks)
    connection.data_received(GET.replace(b" / ", b" http://localhost?a=b "))
    await a_moment()
    assert seen == [("/", b"/", b"a=b")]


async def test_what_lies_ready_is_handed_out_but_not_to_one_who_takes_nothing_in() -> None:
    connection, wire = connected(says_hello)
    ready = SimpleNamespace(answer_to=lambda data, last: (b"ready\n", last))
    connection.house.doorman = doorman_with(ready)
    connection.data_received(GET)
    assert wire.said == b"ready\n"
    connection.pause_writing()
    connection.data_received(GET)
    await a_moment()
    assert wire.said == b"ready\n"
    connection.resume_writing()
    await a_moment()
    assert b"HTTP/1.1 200" in wire.said


async def test_a_body_comes_no_faster_than_it_is_taken() -> None:
    taken: list[int] = []
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        while True:
            await go_on.wait()
            message = await receive()
            taken.append(len(message["body"]))
            go_on.clear()
            if not message["more_body"]:
                return await says_hello(scope, receive, send)

    connection, wire = connected(slow)
    connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
    connection.data_received(b"x" * 100_000)
    await a_moment()
    assert not wire.reads
    go_on.set()
    await a_moment()
    assert taken == [100_000]
    go_on.set()
    await a_moment()
    assert wire.reads
    connection.data_received(b"x" * 100_000)
    await a_moment()
    assert taken == [100_000, 100_000]
    assert b"200 OK" in wire.said


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_becomes_too_large_ends_its_request(chunked: bool) -> None:
    heard: list[str] = []

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive()).get("more_body"):
            pass
        heard.append(message["type"])

    connection, wire = connected(reads)
    if chunked:
        connection.data_received(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(MOST_BYTES // 50_000 + 1):
            connection.data_received(b"c350\r\n" + b"x" * 50_000 + b"\r\n")
            await a_moment()
        assert heard == ["http.disconnect"]
    else:
        connection.data_received(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MOST_BYTES + 1)
        )
        await a_moment()
        assert heard == []
    assert wire.said.startswith(b"HTTP/1.1 413 ")
    assert wire.said.count(b"HTTP/1.1") == 1
    assert wire.ends == "half"


async def test_all_in_line_hear_that_their_visitor_has_left() -> None:
    heard: list[str] = []

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        heard.append((await receive())["type"])

    connection, _ = connected(waits)
    connection.data_received(GET * 3)
    await a_moment()
    connection.connection_lost(None)
    await a_moment()
    assert heard == ["http.disconnect"]
    assert not connection.pipeline
    assert not connection.is_busy


async def test_an_answer_before_the_end_of_a_body_ends_the_connection_in_peace() -> None:
    connection, wire = connected(says_hello)
    connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234")
    await a_moment()
    assert b"connection: close" in wire.said
    assert wire.ends == "half"
    connection.data_received(b"56789" + GET)
    await a_moment()
    assert wire.said.count(b"HTTP/1.1 200") == 1


async def test_fields_behind_a_body_are_no_part_of_the_head() -> None:
    seen: list[Any] = []

    async def looks(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        seen.extend(name for name, _ in scope["headers"])
        await says_hello(scope, receive, send)

    connection, _ = connected(looks)
    connection.data_received(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1\r\nx\r\n0\r\nX-Forged: yes\r\n\r\n"
    )
    await a_moment()
    assert seen == [b"host", b"transfer-encoding"]


async def test_a_head_has_its_time_however_it_comes(clock: VirtualClock) -> None:
    connection, wire = connected(says_hello)
    loop = asyncio.get_running_loop()
    connection.data_received(GET[:10])
    await asyncio.sleep(HEAD_SECONDS - 1)
    connection.data_received(GET[10:11])
    connection.look(loop.time())
    assert wire.said == b""
    await asyncio.sleep(1.1)
    connection.look(loop.time())
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 408 ")


async def test_an_application_may_take_its_time(clock: VirtualClock) -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(3 * IDLE_SECONDS)
        await says_hello(scope, receive, send)

    connection, wire = connected(waits)
    connection.data_received(GET)
    for _ in range(4):
        await asyncio.sleep(IDLE_SECONDS)
        connection.look(asyncio.get_running_loop().time())
    assert b"200 OK" in wire.said


async def test_whoever_takes_nothing_in_is_not_waited_for_for_ever(clock: VirtualClock) -> None:
    connection, wire = connected(says_hello)
    connection.pause_writing()
    connection.data_received(GET)
    await asyncio.sleep(STALL_SECONDS - 1)
    assert wire.ends == ""
    await asyncio.sleep(2)
    assert wire.ends == "aborted"


async def test_a_fault_of_ours_is_told_and_not_taken_for_the_visitors(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(self: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(BoundedConnection, "_most_bytes", fails)
    connection, wire = connected(says_hello)
    connection.data_received(GET)
    await a_moment()
    assert wire.said.startswith(b"HTTP/1.1 400 ")
    assert any(record.message == "connection.failed" for record in caplog.records)
