"""A visitor of the edge: polite, impolite, or many at once."""

import http.client
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 15
RECOVERY_SECONDS = 40


@dataclass(frozen=True)
class Answer:
    """One response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Visitor:
    """Speaks to the edge on this port of the machine."""

    port: int

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path. ``User_Agent="x"`` becomes ``User-Agent: x``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", path, headers=named)

    def send(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str]
    ) -> Answer:
        """Send one request on a connection of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        with closing(line):
            line.request(method, path, body=body or None, headers=dict(headers))
            reply = line.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            cookies = tuple(reply.headers.get_all("Set-Cookie") or ())
            return Answer(reply.status, names, reply.read(), cookies)

    def connect(self) -> socket.socket:
        """Return a raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def raw(self, request: bytes) -> bytes:
        """Send these bytes, and return all that comes back until the edge hangs up."""
        received = b""
        with self.connect() as line:
            line.sendall(request)
            try:
                while chunk := line.recv(65_536):
                    received += chunk
            except ConnectionError:
                pass  # what came before a reset is the answer
        return received

    def raw_statuses(self, request: bytes) -> list[int]:
        """Send these bytes, and return the status of each response."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.raw(request))]

    def waits_for(self, wanted: Callable[[Answer], bool], path: str = "/api/home") -> Answer:
        """Ask again and again until the answer is the wanted one; the last one if it never is.

        Who starts may hang up on us for a moment; that is no answer, and raises only at the end.
        """
        until = time.monotonic() + RECOVERY_SECONDS
        while True:
            late = time.monotonic() > until
            try:
                answer = self.get(path)
            except (ConnectionError, http.client.HTTPException):
                if late:
                    raise
            else:
                if late or wanted(answer):
                    return answer
            time.sleep(0.2)  # another process recovers, and there is nobody to be told by


@contextmanager
def crowd(visitor: Visitor, path: str = "/", *, visitors: int = 4) -> Iterator[Counter[str]]:
    """Let so many visitors ask for ``path`` all the while; yields the statuses, counted."""
    outcomes: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                outcomes[str(visitor.get(path).status)] += 1
            except (OSError, http.client.HTTPException) as exc:
                outcomes[repr(exc)] += 1

    threads = [threading.Thread(target=ask) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        over.set()
        for thread in threads:
            thread.join()


def complete(answer: Answer) -> bool:
    """Return whether nothing of the page is missing."""
    return answer.status == 200 and answer.headers.get("gateway-complete") == "?1"
