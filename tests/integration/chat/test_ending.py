"""A gateway that ends: its visitors are told, go elsewhere, and lose nothing."""

import asyncio
import itertools
import signal
import time
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.chat.client import Client, Event, joined
from tests.integration.chat.conftest import guest_cookie
from tests.live import Server, Shop

VISITORS = 10
DRAIN_SECONDS = 8.0
# With nobody left it ends at once; one that waited for its visitors' patience would take longer.
SOON_SECONDS = 4.0


@dataclass
class Visitor:
    """Says one thing after another, again where it may have been lost, and notes all that comes."""

    name: str
    cookie: dict[str, str]
    last_seen: int = 0
    seen: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)

    async def visit(self, gateways: list[Server], room: str, enough: asyncio.Event) -> None:
        """Talk on the first gateway that is there until it ends, then on the next."""
        for gateway in gateways:
            try:
                async with joined(
                    gateway, room, self.last_seen, additional_headers=self.cookie
                ) as client:
                    await self._talk(client, enough)
                return
            except ConnectionClosed as end:
                self.codes.append(end.rcvd.code if end.rcvd else 1006)

    async def _talk(self, client: Client, enough: asyncio.Event) -> None:
        assert not client.history["gap"]
        for message in client.history["messages"]:
            self._note(message)
        self.last_seen = client.history["last_seen"]
        unsure = self.wanted[-1:]
        for number in itertools.count(len(self.wanted)):
            if not unsure and enough.is_set():
                break
            text = unsure.pop() if unsure else f"{self.name}-{number}"
            if text not in self.wanted:
                self.wanted.append(text)
            await client.say(text, text)
            while (event := await client.next())["type"] != "stored":
                self._note(event)
            await asyncio.sleep(0.3)

    def _note(self, event: Event) -> None:
        if event["type"] == "message":
            self.seen.append(event["text"])
            self.last_seen = max(self.last_seen, event["change"])


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_all_are_told_to_go_elsewhere_and_nothing_is_lost_or_doubled(
    shop: Shop, other: Server, room: str, server: str
) -> None:
    visitors = [Visitor(f"v{number}", guest_cookie(shop)) for number in range(VISITORS)]
    enough = asyncio.Event()
    times = {"SERVER": server, "NOTICE_SECONDS": "0.3", "DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with shop.another_gateway(**times) as gateway:
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            for visitor in visitors:
                group.create_task(visitor.visit([gateway, other], room, enough))
            while not all(visitor.seen for visitor in visitors):
                await asyncio.sleep(0.01)
            gateway.signal(signal.SIGTERM)
            told = time.monotonic()
            assert await asyncio.to_thread(gateway.wait) == 0
            seconds = time.monotonic() - told
            enough.set()
    assert seconds < SOON_SECONDS
    assert [visitor.codes for visitor in visitors] == [[1001]] * VISITORS
    async with joined(other, room) as late:
        last = late.history["messages"][-1]["text"]
    said = sorted(text for visitor in visitors for text in visitor.wanted)
    for visitor in visitors:
        # Who left a little earlier than the others has not seen their last words.
        assert len(set(visitor.seen)) == len(visitor.seen)
        assert set(visitor.seen) <= set(said)
        assert visitor.wanted[0] in visitor.seen
    everything = max((visitor.seen for visitor in visitors), key=len)
    for visitor in visitors:
        assert visitor.seen == everything[: len(visitor.seen)]
    assert last in said
    assert "Traceback" not in gateway.said()
