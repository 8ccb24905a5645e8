"""A client of the chat on a stock WebSocket library, as docs/chat.md lets one write it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.live import Server

PATIENCE_SECONDS = 10.0
ROOM = "front-table"

Event = dict[str, Any]


class Client:
    """One visitor in a room."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: Event = {}
        self.history: Event = {}

    @property
    def name(self) -> str:
        """Who the server takes us for."""
        return str(self.welcome["you"]["name"])

    async def next(self) -> Event:
        """Return the next event."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            event: Event = json.loads(await self.socket.recv())
        return event

    async def until(self, kind: str) -> Event:
        """Return the next event of a kind; what comes before it is dropped."""
        while (event := await self.next())["type"] != kind:
            pass
        return event

    async def send(self, raw: str | bytes) -> None:
        """Send something, whatever it is."""
        await self.socket.send(raw)

    async def say(self, text: str, client_id: str | None = None) -> None:
        """Say something, and do not wait."""
        said = {"type": "say", "text": text}
        await self.send(json.dumps(said | ({"client_id": client_id} if client_id else {})))

    async def said(self, text: str, client_id: str | None = None) -> Event:
        """Say something; the message as all see it."""
        await self.say(text, client_id)
        return await self.until("message")

    async def closed(self) -> tuple[int, str]:
        """Return the code and the reason with which the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as end:
                return (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")


def address(gateway: Server, room: str = ROOM, query: str = "") -> str:
    """The address of a room's WebSocket."""
    return f"ws://127.0.0.1:{gateway.port}/ws/chat/{room}/{query}"


@asynccontextmanager
async def connected(
    gateway: Server, room: str = ROOM, query: str = "", **options: Any
) -> AsyncIterator[Client]:
    """Give a connection on which nothing was heard yet."""
    async with connect(address(gateway, room, query), proxy=None, **options) as socket:
        yield Client(socket)


@asynccontextmanager
async def joined(
    gateway: Server, room: str = ROOM, last_seen: int | None = None, **options: Any
) -> AsyncIterator[Client]:
    """Give a client that is in the room and knows what was said."""
    query = "" if last_seen is None else f"?last_seen={last_seen}"
    async with connected(gateway, room, query, **options) as client:
        client.welcome = await client.next()
        client.history = await client.next()
        assert client.welcome["type"] == "welcome", client.welcome
        assert client.history["type"] == "history", client.history
        yield client
