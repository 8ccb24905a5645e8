"""What uvicorn by itself would take, or wait for, and ours does not."""

import asyncio
import json
import time
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.process import wait_until
from tests.faults.raw import request, said_to
from tests.faults.shapes import AMBIGUOUS, EVIL, FOLLOWING, TOO_MUCH
from tests.live import START_SECONDS, Server, Shop
from tests.server.wire import ClosedUnanswered, Connection, head

SOON_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
IN_LINE = 40
FEW_BYTES = 1_000


@pytest.fixture(scope="module")
def gateway(shop: Shop) -> Iterator[Server]:
    """A gateway on uvicorn."""
    with shop.another_gateway(SERVER="uvicorn") as gateway:
        yield gateway
        assert "Traceback" not in gateway.said()


@pytest.fixture(scope="module")
def hasty(shop: Shop) -> Iterator[Server]:
    """One that waits for half a second where others wait for ten or more."""
    gateway = shop.new_gateway("-m", "tests.server.hasty", MAX_BODY_BYTES=str(FEW_BYTES))
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


def test_it_is_uvicorn(gateway: Server) -> None:
    starts = [json.loads(line) for line in gateway.said().splitlines()]
    assert [line["server"] for line in starts if line["event"] == "gateway.starts"] == ["uvicorn"]


def test_a_server_that_there_is_not_is_told_in_one_sentence(shop: Shop) -> None:
    wrong = shop.new_gateway(SERVER="hypercorn")
    wrong.launch()
    try:
        assert wrong.wait(START_SECONDS) == 1
    finally:
        wrong.stop()
    told = wrong.said().strip()
    assert told == "SERVER must be one of daphne, uvicorn, and is 'hypercorn'."


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_not_read_at_all(gateway: Server, shape: str) -> None:
    (answer,) = said_to(gateway.port, AMBIGUOUS[shape] + FOLLOWING, SOON_SECONDS)
    assert answer.status in (400, 501, 505)
    assert b"smuggled" not in answer.body


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused_in_so_many_words(gateway: Server, what: str) -> None:
    (answer,) = said_to(gateway.port, TOO_MUCH[what], SOON_SECONDS)
    assert answer.status in (400, 413, 414, 431)


def test_an_unknown_method_is_said_to_be_one(gateway: Server) -> None:
    """RFC 9110, 9.1. On Daphne it comes as far as the view, which says 405."""
    (answer,) = said_to(gateway.port, request("/", method="BREW"))
    assert answer.status == 501


@pytest.mark.parametrize(
    "header", [f"X-Forwarded-Host: {EVIL}", "X-Forwarded-Proto: https", "X-Forwarded-For: 6.6.6.6"]
)
def test_nobody_is_believed_about_who_he_is(gateway: Server, header: str) -> None:
    (moved,) = said_to(gateway.port, request("/books", header))
    assert (moved.status, moved.header("Location")) == (301, "/books/")


def test_it_says_when_it_answered_and_not_what_it_is(gateway: Server) -> None:
    answer = httpx.get(f"{gateway.url}/livez", trust_env=False)
    assert answer.headers["date"].endswith(" GMT")
    assert answer.headers.get_list("date") == [answer.headers["date"]]
    assert "server" not in answer.headers


async def test_requests_in_line_are_answered_in_their_order(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", "/api/home") + head("GET", "/livez") + head("GET", "/"))
        answers = [await connection.answer() for _ in range(3)]
    assert [answer.headers["content-type"].partition(";")[0] for answer in answers] == [
        "application/json",
        "application/json",
        "text/html",
    ]
    assert b'"status":"ok"' in answers[1].body


async def test_a_refusal_waits_behind_the_answers_before_it(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", "/api/home") + b"nonsense\r\n\r\n")
        first, second = await connection.answer(), await connection.answer()
        assert await connection.until_closed() == b""
    assert (first.status, second.status, second.closes) == (200, 400, True)


async def test_only_so_many_wait_in_line(gateway: Server) -> None:
    """Whoever sent more has to send the rest again, on another connection (RFC 9112, 9.6)."""
    answered = 0
    async with Connection(gateway.url) as connection:
        await connection.send(head("GET", "/livez") * IN_LINE)
        answer = await connection.answer()
        while not answer.closes:
            answered += 1
            answer = await connection.answer()
        assert await connection.until_closed() == b""
    assert 10 < answered < 20


async def test_what_follows_a_wish_for_another_protocol_is_read_as_before(gateway: Server) -> None:
    wish = head("GET", "/livez", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
    async with Connection(gateway.url) as connection:
        await connection.send(wish + head("GET", "/livez"))
        assert (await connection.answer()).status == 200
        assert (await connection.answer()).status == 200


async def test_a_visitor_who_is_asked_to_wait_is_told_to_go_on(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(head("POST", "/", "Content-Length: 5", "Expect: 100-continue"))
        told = await connection.reader.readuntil(b"\r\n\r\n")
        assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
        await connection.send(b"12345")
        assert (await connection.answer()).status == 405


async def test_a_head_that_trickles_is_ended_and_told(hasty: Server) -> None:
    async with Connection(hasty.url) as connection:
        began = time.monotonic()
        trickling = asyncio.create_task(trickle(connection, head("GET", "/")[:-4] + b"x" * 1000))
        answer = await connection.answer()
        assert 0.4 < time.monotonic() - began < PATIENCE_SECONDS
        assert (answer.status, answer.closes) == (408, True)
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)


async def test_a_body_that_stops_coming_is_ended_and_told(hasty: Server) -> None:
    async with Connection(hasty.url) as connection:
        await connection.send(head("POST", "/", "Content-Length: 10") + b"12345")
        assert (await connection.answer()).status == 408


@pytest.mark.parametrize("beginning", [b"", b"\r\n" * 20], ids=["nothing", "empty lines"])
async def test_whoever_asks_for_nothing_is_parted_with(hasty: Server, beginning: bytes) -> None:
    async with Connection(hasty.url) as connection, asyncio.timeout(PATIENCE_SECONDS):
        trickling = asyncio.create_task(trickle(connection, beginning * 50))
        assert await connection.until_closed() == b""
        await asyncio.gather(trickling, return_exceptions=True)


async def test_a_connection_that_was_used_is_parted_with_when_it_is_quiet(hasty: Server) -> None:
    async with Connection(hasty.url) as connection, asyncio.timeout(PATIENCE_SECONDS):
        assert (await connection.get("/livez")).status == 200
        assert await connection.until_closed() == b""


def test_a_thousand_connections_leave_nothing_behind(hasty: Server) -> None:
    def files() -> int:
        import psutil

        return psutil.Process(hasty.pid).num_fds()

    before = files()
    for number in range(200):
        said_to(hasty.port, request("/livez") if number % 2 else b"nonsense\r\n\r\n")
    assert wait_until(lambda: files() <= before + 5, PATIENCE_SECONDS)


async def trickle(connection: Connection, data: bytes) -> None:
    """Send ``data`` byte by byte."""
    for byte in data:
        try:
            await connection.send(bytes([byte]))
        except ClosedUnanswered:
            return
        await asyncio.sleep(0.02)
