"""A plain request and its answer: in its parts, to its end, and for one who may have gone."""

import asyncio
import logging
from typing import Any

import pytest

from gateway.server.exchange import MOST_AT_ONCE, STALL_SECONDS, Exchange, scope_of
from gateway.server.plain import Plain, plain_request
from tests.fakes import VirtualClock

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
HELLO = {"type": "http.response.body", "body": b"hello"}


class Line:
    """A connection that notes what is done with it."""

    def __init__(self) -> None:
        self.is_last = False
        self.is_full = False
        self.sent: list[bytes] = []
        self.ends: list[Any] = []
        self.has_room = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    async def room(self) -> None:
        await self.has_room.wait()
        self.is_full = False

    def exchanged(self, last: bool) -> None:
        self.ends.append("last" if last else "next")

    def abort(self) -> None:
        self.ends.append("aborted")


@pytest.fixture
def line() -> Line:
    return Line()


def plain(first: bytes = b"GET / HTTP/1.1", fields: bytes = b"") -> Plain:
    found = plain_request(first + b"\r\nHost: shop.example\r\n" + fields + b"\r\n")
    assert found
    return found


def exchange(line: Line, **asked: bytes) -> Exchange:
    request = plain(**asked)
    return Exchange(line, request, scope_of(request, "http", ["10.0.0.1", 5], ["10.0.0.2", 80]))


async def says_hello(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    await send(HELLO)


def test_the_application_is_told_what_was_asked() -> None:
    asked = plain(b"HEAD /books/?tag=x%20y HTTP/1.1", b"Cookie: a=b\r\nX-Own: 1\r\n")
    assert scope_of(asked, "https", ["10.0.0.1", 5], ["10.0.0.2", 80]) == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "HEAD",
        "path": "/books/",
        "raw_path": b"/books/",
        "query_string": b"tag=x%20y",
        "root_path": "",
        "scheme": "https",
        "headers": [(b"host", b"shop.example"), (b"cookie", b"a=b"), (b"x-own", b"1")],
        "client": ["10.0.0.1", 5],
        "server": ["10.0.0.2", 80],
    }


async def test_a_whole_answer_is_sent_in_one_piece(line: Line) -> None:
    await exchange(line).run_asgi(says_hello)
    [sent] = line.sent
    assert sent.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n")
    assert sent.endswith(b"\r\n\r\nhello")
    assert line.ends == ["next"]


async def test_what_comes_bit_by_bit_begins_before_its_first_bit(line: Line) -> None:
    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        assert b"chunked" in line.sent[0]
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        assert line.sent[1] == b"1\r\na\r\n"
        await send({"type": "http.response.body"})

    await exchange(line).run_asgi(streams)
    assert line.sent[2] == b"0\r\n\r\n"
    assert line.ends == ["next"]


@pytest.mark.parametrize("fields", [b"Connection: close\r\n", b""])
async def test_the_last_answer_ends_the_connection(line: Line, fields: bytes) -> None:
    line.is_last = not fields
    await exchange(line, fields=fields).run_asgi(says_hello)
    assert b"connection: close" in line.sent[0]
    assert line.ends == ["last"]


async def test_the_body_is_empty_and_then_it_is_over(line: Line) -> None:
    ours = exchange(line)
    heard = []

    async def listens(scope: Any, receive: Any, send: Any) -> None:
        heard.append(await receive())
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert not waiting.done()
        await says_hello(scope, receive, send)
        heard.append(await waiting)
        heard.append(await receive())

    await ours.run_asgi(listens)
    over = {"type": "http.disconnect"}
    assert heard == [{"type": "http.request", "body": b"", "more_body": False}, over, over]


async def test_who_has_gone_is_told_to_whoever_listens_and_gets_nothing_more(line: Line) -> None:
    ours = exchange(line)

    async def listens(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        ours.drop()
        assert await receive() == {"type": "http.disconnect"}
        await send(HELLO)

    await ours.run_asgi(listens)
    assert line.sent == []
    assert line.ends == []


async def test_the_application_waits_for_one_who_is_slow_to_take_it_in(line: Line) -> None:
    line.is_full = True
    running = asyncio.ensure_future(exchange(line).run_asgi(says_hello))
    await asyncio.sleep(0)
    assert line.sent == []
    line.has_room.set()
    await running
    assert line.ends == ["next"]


async def test_one_who_takes_nothing_is_not_waited_for_for_ever(
    line: Line, clock: VirtualClock
) -> None:
    line.is_full = True
    began = asyncio.get_running_loop().time()
    await exchange(line).run_asgi(says_hello)
    assert asyncio.get_running_loop().time() - began == pytest.approx(STALL_SECONDS)
    assert line.ends == ["aborted"]


async def test_no_more_is_put_together_in_a_turn_than_there_is_room_for(line: Line) -> None:
    """An application that never waits would else make all of it before any of it is sent."""
    turns: list[int] = []
    part = {"type": "http.response.body", "body": b"x" * MOST_AT_ONCE, "more_body": True}

    async def never_waits(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        asyncio.get_running_loop().call_soon(lambda: turns.append(len(line.sent)))
        for _ in range(5):
            await send(part)
        await send({"type": "http.response.body"})

    await exchange(line).run_asgi(never_waits)
    assert turns[0] <= 3


async def is_cancelled_from_within(scope: Any, receive: Any, send: Any) -> None:
    raise asyncio.CancelledError


async def test_one_that_is_cancelled_from_within_is_a_fault_too(line: Line) -> None:
    with pytest.raises(asyncio.CancelledError):
        await exchange(line).run_asgi(is_cancelled_from_within)
    assert line.sent[0].startswith(b"HTTP/1.1 500 ")
    assert line.ends == ["last"]


async def fails_at_once(scope: Any, receive: Any, send: Any) -> None:
    raise ZeroDivisionError


async def fails_behind_the_head(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    raise ZeroDivisionError


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Come to an end without an answer."""


async def says_too_much(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": b"hello!"})


@pytest.mark.parametrize(
    "fails", [fails_at_once, fails_behind_the_head, says_nothing, says_too_much]
)
async def test_a_fault_of_the_application_is_said_where_it_can_be(line: Line, fails: Any) -> None:
    await exchange(line).run_asgi(fails)
    [sent] = line.sent
    assert sent.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"connection: close" in sent
    assert line.ends == ["last"]


async def test_behind_a_part_of_the_answer_the_connection_is_cut(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"he", "more_body": True})
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        await exchange(line).run_asgi(breaks_off)
    assert line.ends == ["aborted"]
    assert [record.message for record in caplog.records] == ["application.failed"]


@pytest.mark.parametrize(
    "messages", [[HELLO], [START, START], [{"type": "http.response.trailers"}]]
)
async def test_what_is_no_answer_is_told_to_the_application(line: Line, messages: Any) -> None:
    *before, wrong = messages

    async def nonsense(scope: Any, receive: Any, send: Any) -> None:
        for message in before:
            await send(message)
        with pytest.raises(ValueError, match="answer"):
            await send(wrong)

    await exchange(line).run_asgi(nonsense)
