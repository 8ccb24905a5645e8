"""Which requests are so plain that they need no parser. Plain code: bytes in, facts out.

What is found plain here every parser reads alike: one whole head of one request without a body,
with nothing in it that could be read in two ways. All else, however harmless, goes the long way.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MOST_BYTES = 8192
"""Of a head; half of what the parser takes."""

MOST_FIELDS = 100

_HEAD = re.compile(
    rb"(GET|HEAD) (/[A-Za-z0-9/_.~!$&'()*+,;=:@-]*)(\?[\x21\x22\x24-\x7e]*)? HTTP/1\.([01])\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
"""The address without percent signs, so that there is but one way to write it; header fields after
RFC 9112, 5, without folded lines."""

_CURIOUS = frozenset(
    b"content-length transfer-encoding te trailer upgrade expect http2-settings "
    b"proxy-connection daphne-root-path".split()
)
"""Fields that say that there is more to the request, or want it to become something else. One with
``_`` in its name is curious too: to some it is another one's."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


REMEMBERED = 256
"""Requests, of ``MOST_BYTES`` at most. In a crowd, one that was held is read again and again, and
most on a connection that is kept are alike."""

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain request of HTTP ``version`` 1.0 or 1.1; ``closes`` if it is to be the last one.

    ``request_id`` is the visitor's name for it, empty where he gave none that is well formed. The
    names of ``headers`` are in small letters.
    """

    path: str
    query: bytes
    version: str
    is_head: bool
    closes: bool
    request_id: bytes
    headers: tuple[Header, ...]


def plain_request(data: bytes) -> Plain | None:
    """Return the request that ``data`` is, if it is just that, and plain.

    What was asked in the same bytes a moment ago is remembered.
    """
    return _read(data) if len(data) <= MOST_BYTES else None


@lru_cache(REMEMBERED)
def _read(data: bytes) -> Plain | None:
    if not (head := _HEAD.fullmatch(data)):
        return None
    headers = tuple(
        (name.lower(), value.strip(b" \t"))
        for name, _, value in (line.partition(b":") for line in head[5][:-2].split(b"\r\n"))
    )
    if (
        len(headers) > MOST_FIELDS
        or any(name in _CURIOUS or b"_" in name for name, _ in headers)
        or not value_of(b"host", headers)
    ):
        return None
    wish = value_of(b"connection", headers, b"keep-alive").lower()
    if wish not in (b"keep-alive", b"close"):
        return None
    named = value_of(b"x-request-id", headers)
    return Plain(
        path=head[2].decode("ascii"),
        query=head[3][1:] if head[3] else b"",
        version="1." + head[4].decode("ascii"),
        is_head=head[1] == b"HEAD",
        closes=wish == b"close" or head[4] == b"0",
        request_id=named if _REQUEST_ID.fullmatch(named) else b"",
        headers=headers,
    )


def value_of(name: bytes, headers: tuple[Header, ...], absent: bytes = b"") -> bytes:
    """Return the value of the field ``name``: ``absent`` without it, empty where there are two."""
    match [value for given, value in headers if given == name]:
        case []:
            return absent
        case [value]:
            return value
    return b""
