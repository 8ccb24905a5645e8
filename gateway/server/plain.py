"""Which requests are so plain that their refusal needs no parser. Plain code: bytes in, facts out.

What is found plain here every parser reads alike: one whole head of one request without a body,
with nothing in it that could be read in two ways. All else, however harmless, goes the long way.
"""

import re
from dataclasses import dataclass

MOST_BYTES = 8192
"""Of a head; half of what the parser takes."""

_HEAD = re.compile(
    rb"(GET|HEAD) (/[A-Za-z0-9/_.~!$&'()*+,;=:@-]*)(?:\?[\x21\x22\x24-\x7e]*)? HTTP/1\.([01])\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
"""The address without percent signs, so that there is but one way to write it; header fields after
RFC 9112, 5, without folded lines."""

_CURIOUS = frozenset(
    b"content-length transfer-encoding te trailer upgrade expect http2-settings "
    b"proxy-connection daphne-root-path".split()
)
"""Fields that say that there is more to the request, or wants it to become something else."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


Field = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain request: ``path`` without its query; ``closes`` if it is to be the last one.

    ``request_id`` is the visitor's name for it, empty where he gave none that is well formed.
    """

    path: str
    is_head: bool
    closes: bool
    request_id: bytes


def plain_request(data: bytes) -> Plain | None:
    """Return the request that ``data`` is, if it is just that, and plain."""
    if len(data) > MOST_BYTES or not (head := _HEAD.fullmatch(data)):
        return None
    fields = [line.partition(b":") for line in head[4].split(b"\r\n")]
    names = [name.lower() for name, _, _ in fields]
    if not _CURIOUS.isdisjoint(names) or not _value(b"host", names, fields):
        return None
    wish = _value(b"connection", names, fields, b"keep-alive").lower()
    if wish not in (b"keep-alive", b"close"):
        return None
    named = _value(b"x-request-id", names, fields)
    return Plain(
        path=head[2].decode("ascii"),
        is_head=head[1] == b"HEAD",
        closes=wish == b"close" or head[3] == b"0",
        request_id=named if _REQUEST_ID.fullmatch(named) else b"",
    )


def _value(name: bytes, names: list[bytes], fields: list[Field], absent: bytes = b"") -> bytes:
    """Return the value of the field ``name``: ``absent`` without it, empty where there are two."""
    match names.count(name):
        case 0:
            return absent
        case 1:
            return fields[names.index(name)][2].strip(b" \t")
    return b""
