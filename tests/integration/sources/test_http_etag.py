"""A value that has a name is asked for by it (RFC 9110, 13.1.2), on each transport."""

import re
import time
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.aggregation.cache import Entry, key_for
from gateway.aggregation.errors import BadStatus
from gateway.aggregation.source import UNCHANGED, State, Terms
from gateway.sources.http import http_source
from tests.integration.sources.asking import TRANSPORTS, call, endpoint, transport
from tests.integration.sources.caches import shared
from tests.integration.sources.gateways import THING, gateway
from tests.misbehaving import MisbehavingUpstream
from tests.misbehaving.wire import read_request, reply, send


@dataclass
class Naming:
    """An upstream that names what it says, and says 304 to whoever has that name already."""

    etag: bytes = b'"v1"'
    max_age: int = 60
    always_304: bool = False
    body: bytes = b'{"asked": 1}'
    asked_for: list[bytes | None] = field(default_factory=list)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        while head := await read_request(reader):
            found = re.search(rb"\r\nif-none-match: ([^\r]*)\r\n", head, re.IGNORECASE)
            name = found[1] if found else None
            self.asked_for.append(name)
            headers = b"ETag: %b\r\nCache-Control: max-age=%d\r\n" % (self.etag, self.max_age)
            if name == self.etag or self.always_304:
                await send(writer, b"HTTP/1.1 304 Not Modified\r\n" + headers + b"\r\n")
            else:
                await send(writer, reply(self.body, headers=headers))


THINGS = endpoint(payload=dict[str, int])


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_name_goes_out_and_304_says_that_nothing_has_changed(name: str) -> None:
    naming = Naming()
    async with MisbehavingUpstream(naming) as upstream, transport(name) as ours:
        source = http_source(THINGS, upstream.url, ours)
        first = await source(call())
        again = await source(replace(call(), etag=first.terms.etag))
        naming.etag, naming.body = b'"v2"', b'{"asked": 3}'
        third = await source(replace(call(), etag=first.terms.etag))
    assert naming.asked_for == [None, b'"v1"', b'"v1"']
    assert first.terms == again.terms == Terms(60.0, etag='"v1"')
    assert again.value is UNCHANGED
    assert (third.value, third.terms.etag) == ({"asked": 3}, '"v2"')


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_304_that_nobody_asked_for_is_a_bad_status(name: str) -> None:
    async with MisbehavingUpstream(Naming(always_304=True)) as upstream, transport(name) as ours:
        with pytest.raises(BadStatus) as caught:
            await http_source(THINGS, upstream.url, ours)(call())
    assert caught.value.status == 304


async def test_a_gateway_shows_what_is_confirmed(settings: Any, empty_redis: str) -> None:
    settings.REDIS_URL, settings.PROMO_FRESH_SECONDS = empty_redis, 60.0
    now, key = time.time(), key_for("thing", {"tag": "a"})
    known = Entry({"asked": 7}, now - 9, now - 1, now - 1, now + 60, 0.1, '"v1"')
    async with shared(empty_redis) as beside:
        await beside.cache(THING.payload).put(key, known)
    naming = Naming()
    async with MisbehavingUpstream(naming) as upstream, gateway() as ours:
        settings.PROMO_SERVICE_URL = upstream.url
        confirmed = await ours.source(THING)(call(tag="a"))
        await ours.background.drain(5)
        again = await ours.source(THING)(call(tag="a"))
    assert (confirmed.value, confirmed.state, confirmed.lifetime) == ({"asked": 7}, State.LIVE, 60)
    assert (again.value, again.state) == ({"asked": 7}, State.FRESH)
    assert naming.asked_for == [b'"v1"']
