"""Plain requests go past the server's parser: in turn with all others, and told the same."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.live import Server, Shop
from tests.server.wire import Connection, head


@pytest.fixture(scope="module")
def gateway(shop: Shop, server: str) -> Iterator[Server]:
    with shop.another_gateway(SERVER=server) as gateway:
        yield gateway


PARSED = "TE: trailers"
"""With this a request is not plain."""


async def test_they_are_answered_in_turn_with_those_that_are_parsed(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        for number, field in enumerate(["A: b", PARSED, "A: b", "A: b", PARSED]):
            own = f"X-Request-ID: turn-{number}"
            await connection.send(head("GET", f"/books/?page={1 + number % 2}", own, field))
        answers = [await connection.answer() for _ in range(5)]
    assert [each.status for each in answers] == [200] * 5
    assert [each.headers["x-request-id"] for each in answers] == [f"turn-{n}" for n in range(5)]
    assert answers[0].body == answers[2].body == answers[4].body


async def test_nonsense_behind_one_is_refused_behind_its_answer(gateway: Server) -> None:
    for number in range(10):
        async with Connection(gateway.url) as connection:
            await connection.send(head("GET", f"/books/?page={number + 2}"))
            await asyncio.sleep(0.001)  # so that it is read by itself, and is being answered
            await connection.send(b"\x16\x03\x01 nonsense\r\n\r\n")
            first = await connection.answer()
            rest = await connection.until_closed()
        assert first.status in (200, 404)
        assert first.body.endswith(b"</html>\n")
        assert rest == b"" or rest.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))


async def test_nothing_is_answered_behind_the_last_answer(gateway: Server) -> None:
    for following in ("A: b", PARSED):
        async with Connection(gateway.url) as connection:
            await connection.send(head("GET", "/books/?page=1", "Connection: close"))
            await asyncio.sleep(0.001)
            await connection.send(head("GET", "/books/?page=1", following))
            answer = await connection.answer()
            assert answer.closes
            assert await connection.until_closed() == b""


async def test_an_answer_is_the_same_whether_its_request_was_parsed(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        for path in ("/books/?page=1", "/nowhere/", "/static/web/nothing.css", "/books"):
            for method in ("GET", "HEAD"):
                answers = []
                for field in ("A: b", PARSED):
                    await connection.send(head(method, path, "X-Request-ID: alike", field))
                    answers.append(await connection.answer(method))
                plain, parsed = answers
                assert plain.status == parsed.status
                assert plain.body == parsed.body
                assert plain.headers.keys() == parsed.headers.keys()


async def test_whoever_knows_no_chunks_gets_none(gateway: Server) -> None:
    async with Connection(gateway.url) as connection:
        await connection.send(b"GET /books/?page=1 HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = await connection.answer()
        assert answer.closes
        assert await connection.until_closed() == b""
