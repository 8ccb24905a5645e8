"""Reading a body: bytes counted as they come and as they unpack, none kept beyond the bound."""

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.errors import BadProtocol, ReplyTooLarge
from gateway.sources.body import MAX_BYTES, read_body
from tests.unit.sources.running import run

MOST = 1_000


class Pieces(httpx.AsyncByteStream):
    """A body in pieces, which counts how many of them were taken."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece


def read(pieces: Pieces, encoding: str | None = None, most: int = MOST) -> bytes:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    return run(read_body("thing", httpx.Response(200, headers=headers, stream=pieces), most))


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_a_body_that_is_not_packed_comes_as_it_is(encoding: str | None) -> None:
    assert read(Pieces(b"one", b"", b"two"), encoding) == b"onetwo"


def test_as_many_bytes_as_are_allowed_may_come() -> None:
    assert len(read(Pieces(b"x" * (MOST - 1), b"x"))) == MOST


def test_one_byte_more_is_too_many_and_nothing_further_is_taken() -> None:
    pieces = Pieces(b"x" * MOST, b"x", b"never taken")
    with pytest.raises(ReplyTooLarge):
        read(pieces)
    assert pieces.taken == 2


@given(st.binary(max_size=MOST), st.integers(1, 50))
def test_a_packed_body_is_unpacked_however_it_is_cut(data: bytes, size: int) -> None:
    assert read(Pieces(*cut(gzip.compress(data), size)), "gzip") == data


def test_a_bomb_is_unpacked_no_further_than_is_allowed() -> None:
    bomb = gzip.compress(bytes(50 * MAX_BYTES))
    pieces = Pieces(*cut(bomb, 500))
    with pytest.raises(ReplyTooLarge):
        read(pieces, "GZip", MAX_BYTES)
    assert pieces.taken < len(bomb) / 500 / 10


def test_packed_data_that_unpack_to_nothing_have_an_end() -> None:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    start = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    nothing = packer.flush(zlib.Z_FULL_FLUSH) or b"\x00\x00\x00\xff\xff"
    pieces = Pieces(start, *([nothing * 20] * 1_000))
    with pytest.raises((ReplyTooLarge, BadProtocol)):
        read(pieces, "gzip")
    assert pieces.taken < 100


def test_what_follows_the_end_of_packed_data_is_counted_too() -> None:
    pieces = Pieces(gzip.compress(b"{}"), *([b"x" * 100] * 1_000))
    with pytest.raises(ReplyTooLarge):
        read(pieces, "gzip")
    assert pieces.taken < 20


@pytest.mark.parametrize(
    "packed",
    [b"", b"not packed", gzip.compress(b"x" * 99)[:-9], gzip.compress(b"x")[:5]],
    ids=["nothing", "not packed", "cut", "cut in its head"],
)
def test_broken_packed_data_are_no_protocol(packed: bytes) -> None:
    with pytest.raises(BadProtocol):
        read(Pieces(packed), "gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x"])
def test_an_encoding_that_nobody_asked_for_is_no_protocol(encoding: str) -> None:
    pieces = Pieces(b"{}")
    with pytest.raises(BadProtocol):
        read(pieces, encoding)
    assert pieces.taken == 0
