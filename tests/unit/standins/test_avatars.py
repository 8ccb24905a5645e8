import struct
import zlib
from hashlib import sha256

import pytest

from tests.standins.avatars import avatar, pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def named(address: str) -> str:
    return sha256(address.encode()).hexdigest()


WITH = next(name for name in map(named, map(str, range(99))) if name[-1] not in "0123")
WITHOUT = next(name for name in map(named, map(str, range(99))) if name[-1] in "0123")


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG, each of which must have the right checksum."""
    assert png.startswith(SIGNATURE)
    found, at = {}, len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + body)
        found[kind] = body
        at += 12 + length
    return found


@pytest.mark.parametrize("size", [1, 7, 80, 160, 2048])
def test_a_picture_is_a_png_of_the_size_that_is_asked_for(size: int) -> None:
    found = chunks(avatar(WITH, "404", str(size)) or b"")
    assert struct.unpack(">II", found[b"IHDR"][:8]) == (size, size)
    rows = zlib.decompress(found[b"IDAT"])
    assert len(rows) == size * (size + 1)
    assert set(rows) <= {0, 1}
    assert list(found)[-1] == b"IEND"


def test_a_hash_has_one_picture_and_another_one_another() -> None:
    other = WITH[:-2] + ("a" if WITH[-2] != "a" else "b") + WITH[-1]
    assert avatar(WITH, "404", "80") == avatar(WITH, "mp", "80")
    assert avatar(WITH, "404", "80") != avatar(other, "404", "80")


def test_some_have_none_and_then_the_default_decides() -> None:
    assert avatar(WITHOUT, "404", "80") is None
    assert avatar(WITHOUT, "mp", "80") == avatar("0" * 64, "", "80")


@pytest.mark.parametrize("name", ["", "x" * 64, "a" * 63, "A" * 64, "../etc/passwd", "ä" * 64])
def test_what_is_no_hash_has_no_picture(name: str) -> None:
    assert avatar(name, "404", "80") is None


@pytest.mark.parametrize("size", ["", "0", "-1", "2049", "9" * 5000, "1e3", "٣", "8.5"])
def test_a_size_that_is_none_is_eighty(size: str) -> None:
    assert pixels(size) == 80
