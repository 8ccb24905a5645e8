"""Gateways of a fleet, reduced to what asks sources, and the upstream that they share."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.runtime import Runtime
from gateway.sources.http import Endpoint
from tests.fakes import Recorder
from tests.misbehaving.wire import read_request, reply, send

THING = Endpoint(
    name="thing",
    service="PROMO_SERVICE_URL",
    path="/v1/thing",
    asks=("tag",),
    payload=dict[str, int],
    timeout="PROMO_TIMEOUT_SECONDS",
    fresh="PROMO_FRESH_SECONDS",
)


@dataclass
class Counter:
    """An upstream that answers with how often it was asked, after ``seconds``."""

    seconds: float = 0.0
    headers: bytes = b""
    heads: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        while head := await read_request(reader):
            self.heads.append(head)
            body = b'{"asked": %d}' % len(self.heads)
            await asyncio.sleep(self.seconds)
            await send(writer, reply(body, headers=self.headers))


@asynccontextmanager
async def gateway(told: Recorder | None = None) -> AsyncIterator[Runtime]:
    """Give the runtime of one gateway; ``told`` hears what it does."""
    ours = Runtime(emit=told or Recorder())
    try:
        yield ours
    finally:
        await ours.close()
