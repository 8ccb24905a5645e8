"""A visitor who writes what he likes: bytes on a socket, and the answers taken apart."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """One response: its status, its header lines as they came, and its body."""

    status: int
    lines: tuple[str, ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header; empty where it is missing."""
        for line in self.lines:
            given, _, value = line.partition(":")
            if given.strip().lower() == name.lower():
                return value.strip()
        return ""


@contextlib.contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """Give a connection to the gateway."""
    with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as visitor:
        yield visitor


def said_to(port: int, data: bytes, patience_seconds: float = ANSWER_SECONDS) -> list[Answer]:
    """Return all answers to ``data`` until the gateway closes, or says nothing for so long."""
    with connected(port) as visitor:
        visitor.sendall(data)
        visitor.settimeout(patience_seconds)
        return answers(_all_of(visitor))


def request(
    target: str = "/", *headers: str, method: str = "GET", host: str = "127.0.0.1"
) -> bytes:
    """Return a request that asks for the connection to end after it."""
    lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def answers(data: bytes) -> list[Answer]:
    """Take apart what came: every complete response in it, one after another."""
    found = []
    while data.startswith(b"HTTP/1."):
        head, _, rest = data.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        answer = Answer(int(status_line.split(" ")[1]), tuple(lines), b"")
        body, data = _body(answer, rest)
        found.append(Answer(answer.status, answer.lines, body))
    return found


def _body(answer: Answer, rest: bytes) -> tuple[bytes, bytes]:
    if answer.header("Transfer-Encoding") == "chunked":
        return _unchunked(rest)
    if answer.header("Content-Length"):
        size = int(answer.header("Content-Length"))
        return rest[:size], rest[size:]
    return rest, b""


def _unchunked(rest: bytes) -> tuple[bytes, bytes]:
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            break
    return body, rest


def _all_of(visitor: socket.socket) -> bytes:
    got = bytearray()
    with contextlib.suppress(OSError):
        while data := visitor.recv(65536):
            got += data
    return bytes(got)
