"""What goes out to an upstream: this and nothing more, whatever stands in the arguments."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call, Source
from gateway.sources.asking import TIME_LEFT_HEADER
from gateway.sources.http import http_source
from tests.integration.sources.asking import (
    TRANSPORTS,
    call,
    endpoint,
    result_of,
    source_at,
    transport,
)
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port
from tests.misbehaving.wire import read_request, reply, send

BAGGAGE = {"X-Request-ID": "visit-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}


@dataclass
class Listening:
    """An upstream that answers well and keeps the head of each request."""

    more: bytes = b""
    heads: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        while head := await read_request(reader):
            self.heads.append(head)
            await send(writer, reply(headers=self.more))

    @property
    def target(self) -> str:
        """What the last request asked for."""
        return self.heads[-1].split(b" ", 2)[1].decode("ascii")

    @property
    def query(self) -> dict[str, str]:
        """The arguments of the last request, as a server reads them."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    @property
    def headers(self) -> httpx.Headers:
        """The headers of the last request."""
        lines = self.heads[-1].split(b"\r\n")[1:-2]
        return httpx.Headers([tuple(line.split(b": ", 1)) for line in lines])  # type: ignore[misc]


@asynccontextmanager
async def asked(
    *asks: str, name: str = "aiohttp", more: bytes = b""
) -> AsyncIterator[tuple[Source, Listening]]:
    """Give a source that asks for ``asks``, and what listens at its other end."""
    listening = Listening(more)
    async with MisbehavingUpstream(listening) as upstream, transport(name) as ours:
        yield http_source(endpoint(*asks), upstream.url, ours), listening


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_request_carries_its_id_its_trace_and_the_time_that_is_left(name: str) -> None:
    async with asked(name=name) as (source, listening):
        await source(Call(Deadline.after(0.9), {}, BAGGAGE))
    headers = listening.headers
    assert headers["X-Request-ID"] == BAGGAGE["X-Request-ID"]
    assert headers["traceparent"] == BAGGAGE["traceparent"]
    assert 0 < int(headers[TIME_LEFT_HEADER]) <= 900
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"].startswith("127.0.0.1:")


@pytest.mark.parametrize("name", ["aiohttp", "httpcore"])
async def test_a_request_carries_no_header_of_the_libraries(name: str) -> None:
    async with asked(name=name) as (source, listening):
        await source(Call(Deadline.after(1), {}, BAGGAGE))
    ours = {"host", "accept", "accept-encoding", TIME_LEFT_HEADER.lower(), "connection"}
    assert set(listening.headers) <= ours | {header.lower() for header in BAGGAGE}


async def test_the_query_has_what_the_source_asks_for_and_nothing_else() -> None:
    async with asked("on", "limit") as (source, listening):
        await source(call(on=date(2026, 11, 20), limit=6, session_hash="secret"))
    assert urlsplit(listening.target).path == "/v1/thing"
    assert listening.query == {"on": "2026-11-20", "limit": "6"}
    assert b"secret" not in listening.heads[-1]


async def test_an_argument_that_is_none_or_absent_is_left_out() -> None:
    async with asked("member_id", "limit") as (source, listening):
        await source(call(member_id=None))
    assert listening.target == "/v1/thing"


async def test_with_no_time_left_nothing_is_sent() -> None:
    """A service could take zero milliseconds for no limit at all."""
    async with asked() as (source, listening):
        result = await result_of(source(call(0.0)))
    assert result.word == "timeout"
    assert not listening.heads


ODD = (
    "a b+c&d=e;f#g?h/i%2F%j",
    "\r\nX-Evil: yes\r\n\r\nGET /admin HTTP/1.1",
    "naïve 小説 \N{GRINNING FACE} e\u0301",
    "\x00\t\x7f\u2028",
    "../../etc",
    "",
    "%0d%0aX-Evil:%20yes",
)


@pytest.mark.parametrize("name", TRANSPORTS)
@pytest.mark.parametrize("text", ODD)
async def test_an_odd_argument_arrives_as_it_is(text: str, name: str) -> None:
    async with asked("tag", "limit", name=name) as (source, listening):
        await source(call(tag=text, limit=6))
    assert listening.query == {"tag": text, "limit": "6"}
    assert listening.headers.get("X-Evil") is None
    assert len(listening.heads) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=8))
def test_any_text_arrives_as_it_is(texts: list[str]) -> None:
    async def ask() -> None:
        async with asked("a", "b") as (source, listening):
            for text in texts:
                await source(call(a=text, b=text[::-1]))
                assert listening.query == {"a": text, "b": text[::-1]}
        assert len(listening.heads) == len(texts)

    asyncio.run(ask())


@pytest.mark.parametrize("text", ["\ud800", "x" * 100_000])
async def test_an_argument_that_fits_into_no_address_is_rejected(text: str) -> None:
    async with asked("tag") as (source, listening):
        result = await result_of(source(call(tag=text)))
    assert result.word == "rejected"
    assert not listening.heads


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_line_breaks_in_baggage_send_nothing(name: str) -> None:
    """The middleware lets none through; if it did, no upstream would see a visitor's header."""
    baggage = {"X-Request-ID": "one\r\nX-Evil: yes"}
    async with asked(name=name) as (source, listening):
        result = await result_of(source(Call(Deadline.after(1), {}, baggage)))
    assert result.error is not None
    assert not listening.heads


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_cookie_that_was_set_does_not_come_back(name: str) -> None:
    async with asked(name=name, more=b"Set-Cookie: visitor=ada; Path=/\r\n") as (source, listening):
        for _ in range(3):
            await source(call())
    assert len(listening.heads) == 3
    assert not any(b"cookie" in head.lower() for head in listening.heads)


@pytest.mark.parametrize("name", TRANSPORTS)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Same", "308 Same"])
async def test_a_redirect_is_not_followed(status: str, name: str) -> None:
    async with MisbehavingUpstream(BEHAVIOURS["good"]) as target:

        async def redirects(reader: StreamReader, writer: StreamWriter) -> None:
            await read_request(reader)
            location = f"Location: {target.url}/elsewhere\r\n".encode()
            await send(writer, reply(b"", status, headers=location))

        async with MisbehavingUpstream(redirects) as upstream, transport(name) as ours:
            result = await result_of(source_at(upstream.url, ours)(call()))
    assert result.word == "status"
    assert upstream.accepted == 1
    assert target.accepted == 0


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_no_proxy_is_taken_from_the_environment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_port() as port:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        async with asked(name=name) as (source, _):
            reply_: Any = await source(call())
    assert reply_.value.ok
