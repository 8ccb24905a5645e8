"""One request to an ASGI application, message by message, so that a visitor can also leave."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass
class Visit:
    """A visitor of ``app`` who asks once. ``leave()`` closes the connection."""

    app: Any
    path: str
    method: str = "GET"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = (b"",)
    raw_query: bytes = b""
    host: bytes = b"testserver"
    sent: list[Message] = field(default_factory=list, init=False)
    _gone: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _parts_read: int = field(default=0, init=False)

    async def asked(self) -> "Visit":
        """Ask, and return when the application has ended."""
        await self.app(self._scope(), self._receive, self._send)
        return self

    def leave(self) -> None:
        """Close the connection."""
        self._gone.set()

    @property
    def status(self) -> int:
        """The status of the answer; 0 where there was none."""
        return int(self.sent[0]["status"]) if self.sent else 0

    @property
    def answer(self) -> bytes:
        """The body of the answer."""
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    def header(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        wanted = name.lower().encode()
        headers = self.sent[0]["headers"]
        return next((value.decode() for key, value in headers if key.lower() == wanted), "")

    def _scope(self) -> Message:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.raw_query,
            "root_path": "",
            "headers": [(b"host", self.host), *self.headers],
            "client": ("127.0.0.1", 50_000),
            "server": ("testserver", 80),
        }

    async def _receive(self) -> Message:
        if self._parts_read < len(self.body):
            part = self.body[self._parts_read]
            self._parts_read += 1
            more = self._parts_read < len(self.body)
            return {"type": "http.request", "body": part, "more_body": more}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
