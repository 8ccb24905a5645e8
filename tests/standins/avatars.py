"""Gravatar's pictures: drawn from the hash, square, the same for the same hash.

A hash that ends with 0, 1, 2 or 3 has no picture, so that a quarter of all addresses have none:
then ``d=404`` gets 404, and every other ``d`` the same drawn figure without a face of its own.
"""

import re
import struct
import zlib
from hashlib import sha256

CELLS = 5
"""So many fields has a picture in each direction; the left half is mirrored."""

DEFAULT_SIZE = 80
MOST_SIZE = 2048
_WITHOUT_PICTURE = "0123"
_NOBODY = sha256(b"nobody").digest()
_HASH = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{32})\Z")
_PAPER = bytes((244, 241, 232))


def avatar(name: str, default: str, size: str) -> bytes | None:
    """The PNG for a hash (SHA-256, or the older MD5, in hexadecimal), or None for 404.

    ``default`` and ``size`` are Gravatar's ``d`` and ``s``, the width in pixels.
    """
    known = bool(_HASH.match(name)) and name[-1] not in _WITHOUT_PICTURE
    if not known and default == "404":
        return None
    seed = sha256(name.encode()).digest() if known else _NOBODY
    return _png(_fields(seed), _ink(seed), pixels(size))


def pixels(size: str) -> int:
    """The width that ``s`` asks for; what is none, or too large, is 80, as Gravatar has it."""
    if not (size.isascii() and size.isdigit() and len(size) <= 4):
        return DEFAULT_SIZE
    return int(size) if 1 <= int(size) <= MOST_SIZE else DEFAULT_SIZE


def _fields(seed: bytes) -> list[list[int]]:
    """Which fields are inked, 0 or 1, row by row."""
    middle = CELLS // 2
    return [
        [seed[row * CELLS + min(column, CELLS - 1 - column) % (middle + 1)] & 1
         for column in range(CELLS)]
        for row in range(CELLS)
    ]  # fmt: skip


def _ink(seed: bytes) -> bytes:
    """A colour that stands out from the paper: none of its parts is bright."""
    return bytes(40 + part % 110 for part in seed[-3:])


def _png(fields: list[list[int]], ink: bytes, size: int) -> bytes:
    """A PNG with two colours (W3C PNG, 3rd edition: colour type 3, a byte for each pixel)."""
    lines = [bytes(_field_at(row, x, size) for x in range(size)) for row in fields]
    # Each line begins with its filter; 0 is none.
    raw = b"".join(b"\0" + lines[min(y * CELLS // size, CELLS - 1)] for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", _PAPER + ink),
            _chunk(b"IDAT", zlib.compress(raw)),
            _chunk(b"IEND", b""),
        )
    )


def _field_at(row: list[int], x: int, size: int) -> int:
    return row[min(x * CELLS // size, CELLS - 1)]


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
