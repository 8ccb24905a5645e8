"""A visitor's end of one HTTP/1.1 connection, down to what was sent and what came back."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

PATIENCE_SECONDS = 10.0


class ClosedUnanswered(Exception):
    """The connection ended before the first byte of an answer: the request may be sent again."""


class BrokenAnswer(Exception):
    """The connection ended within an answer."""


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the server said that this is the connection's last answer."""
        return self.headers.get("connection", "").lower() == "close"


class Connection:
    """A connection to ``url``, within ``async with``; ``asked`` counts its answers.

    Entering raises OSError where there is no connection; leaving closes it at once.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0

    async def __aenter__(self) -> Self:
        parts = urlsplit(self.url)
        self.reader, self.writer = await asyncio.open_connection(parts.hostname, parts.port)
        return self

    async def __aexit__(self, *why: object) -> None:
        self.leave()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def get(self, path: str, method: str = "GET") -> Answer:
        """Ask for ``path`` and read the answer. Raises ClosedUnanswered or BrokenAnswer."""
        await self.send(head(method, path))
        return await self.answer(method)

    async def send(self, data: bytes) -> None:
        """Send ``data``. Raises ClosedUnanswered."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError as exc:
            raise ClosedUnanswered from exc

    async def answer(self, method: str = "GET") -> Answer:
        """Read one answer. Raises ClosedUnanswered or BrokenAnswer."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self._answer(method)
        self.asked += 1
        return answer

    async def until_closed(self) -> bytes:
        """What else comes until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def leave(self) -> None:
        """Close at once, whatever is still on its way."""
        self.writer.transport.abort()

    async def _answer(self, method: str) -> Answer:
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except ConnectionError as exc:
            raise ClosedUnanswered from exc
        except asyncio.IncompleteReadError as exc:
            raise (BrokenAnswer if exc.partial else ClosedUnanswered) from exc
        first, *lines = raw.decode("latin1").strip().split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        try:
            body = b"" if method == "HEAD" else await self._body(headers)
        except (ConnectionError, asyncio.IncompleteReadError) as exc:
            raise BrokenAnswer from exc
        return Answer(int(first.split()[1]), headers, body)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body


def head(method: str, path: str, *headers: str) -> bytes:
    """The head of a request to our own host."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode("latin1")
