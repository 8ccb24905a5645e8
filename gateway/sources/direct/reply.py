"""What is asked, and what was heard."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import httpx


class Headers(dict[str, str]):
    """The fields of a head by their names in small letters; of several, joined (RFC 9110, 5.3)."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in fields:
            self[name] = f"{self[name]}, {value}" if name in self else value


@dataclass(frozen=True, slots=True)
class HeardReply:
    """A whole reply. ``body`` is as it came: who reads it judges its encoding."""

    status: int
    headers: Headers
    body: bytes


def _anything(reply: HeardReply) -> None:
    """Find nothing wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a reply: a body of so many bytes at most, and a head that is right.

    ``judge`` sees the reply as soon as its head is there, without a body, and raises
    ``SourceError`` where the rest need not be awaited.
    """

    most_bytes: int
    judge: Callable[[HeardReply], None] = _anything


@dataclass(frozen=True)
class Address:
    """Where a question goes, prepared once: its first line and its Host."""

    url: httpx.URL

    @cached_property
    def origin(self) -> tuple[str, int, bool]:
        """Host, port, and whether it is spoken to over TLS."""
        secure = self.url.scheme == "https"
        return self.url.host, self.url.port or (443 if secure else 80), secure

    @cached_property
    def beginning(self) -> bytes:
        """The head of a GET, up to where its own fields begin."""
        host = self.url.netloc
        return b"GET %b HTTP/1.1\r\nHost: %b\r\n" % (self.url.raw_path, host)
