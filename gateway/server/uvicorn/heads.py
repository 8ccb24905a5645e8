"""Which heads of requests are taken. Plain code: what stands in them goes in, facts come out.

llhttp, which reads them, refuses most of what could be read in two ways. What it lets through, and
a visitor has no good reason to write, is refused here.
"""

import re
from dataclasses import dataclass

from gateway.server.refusal import BAD_REQUEST, NO_HOST

MOST_LENGTH_DIGITS = 18
"""Of a Content-Length: more than anybody has. Python reads no numbers of some thousand digits."""

MOST_BYTES = 16_384
"""Of the address, and again of all header fields together."""

MOST_FIELDS = 500

TELLING = frozenset((b"host", b"content-length", b"transfer-encoding", b"upgrade", b"connection"))
"""Fields that say whose a request is, where it ends, and what becomes of the connection."""

_METHOD = re.compile(rb"[A-Z-]+ /")

Field = tuple[bytes, bytes]


class Refused(Exception):
    """A request is not taken; ``refusal`` is what its visitor is told."""

    def __init__(self, refusal: tuple[bytes, bytes]) -> None:
        super().__init__(refusal[0].decode())
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Framing:
    """``length`` of the body in bytes, 0 without one, None where it comes in chunks.

    ``websocket`` says whether the connection is to become one.
    """

    length: int | None
    websocket: bool


def framing(version: str, telling: list[Field]) -> Framing:
    """Return how a request goes on behind its head. Raises ``Refused``.

    ``telling`` are its fields with names in ``TELLING``.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in telling:
        found.setdefault(name, []).append(value)
    _judge_host(version, found.get(b"host", []))
    lengths, codings = found.get(b"content-length", []), found.get(b"transfer-encoding", [])
    length = _length(lengths) if lengths else 0
    if codings:
        # RFC 9112, 6.1 and 6.3: what leaves open where the request ends is none.
        if [coding.lower() for coding in codings] != [b"chunked"] or lengths or version != "1.1":
            raise Refused(BAD_REQUEST)
        return Framing(None, websocket=False)
    return Framing(length, _is_websocket(found) and not length)


def is_a_method(data: bytes) -> bool:
    """Whether ``data``, of which the parser knows no method, begins with one all the same."""
    return _METHOD.match(data) is not None


def _judge_host(version: str, hosts: list[bytes]) -> None:
    if version not in ("1.0", "1.1") or len(hosts) > 1:
        raise Refused(BAD_REQUEST)
    if version == "1.1" and not hosts:
        raise Refused(NO_HOST)  # RFC 9112, 3.2


def _length(lengths: list[bytes]) -> int:
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > MOST_LENGTH_DIGITS:
        raise Refused(BAD_REQUEST)
    return int(lengths[0])


def _is_websocket(found: dict[bytes, list[bytes]]) -> bool:
    wishes = b",".join(found.get(b"connection", [])).lower().split(b",")
    upgrades = [value.lower() for value in found.get(b"upgrade", [])]
    return upgrades == [b"websocket"] and b"upgrade" in [wish.strip() for wish in wishes]
