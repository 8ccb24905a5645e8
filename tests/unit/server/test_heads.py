"""Which heads of requests are taken, beside what the parser refuses by itself."""

import pytest

from gateway.server.refusal import NO_HOST
from gateway.server.uvicorn.heads import Framing, Refused, framing, is_a_method

HOST = (b"host", b"shop.example")
LENGTH = (b"content-length", b"5")
CHUNKED = (b"transfer-encoding", b"chunked")
WEBSOCKET = [HOST, (b"connection", b"keep-alive, Upgrade"), (b"upgrade", b"WebSocket")]


@pytest.mark.parametrize(
    ("telling", "expected"),
    [
        ([HOST], Framing(0, websocket=False)),
        ([HOST, LENGTH], Framing(5, websocket=False)),
        ([HOST, CHUNKED], Framing(None, websocket=False)),
        ([HOST, (b"transfer-encoding", b"Chunked")], Framing(None, websocket=False)),
        (WEBSOCKET, Framing(0, websocket=True)),
        ([HOST, (b"upgrade", b"websocket")], Framing(0, websocket=False)),
        ([HOST, (b"connection", b"upgrade"), (b"upgrade", b"h2c")], Framing(0, websocket=False)),
        ([*WEBSOCKET, LENGTH], Framing(5, websocket=False)),
    ],
)
def test_a_head_says_how_its_request_goes_on(
    telling: list[tuple[bytes, bytes]], expected: Framing
) -> None:
    assert framing("1.1", telling) == expected


@pytest.mark.parametrize(
    "telling",
    [
        [HOST, HOST],
        [HOST, LENGTH, LENGTH],
        [HOST, LENGTH, CHUNKED],
        [HOST, CHUNKED, CHUNKED],
        [HOST, (b"content-length", b"+5")],
        [HOST, (b"content-length", b"5, 5")],
        [HOST, (b"content-length", b"")],
        [HOST, (b"content-length", b"9" * 19)],
        [HOST, (b"transfer-encoding", b"gzip, chunked")],
        [HOST, (b"transfer-encoding", b"identity")],
        [HOST, (b"transfer-encoding", b"\x0bchunked")],
    ],
)
def test_a_head_that_leaves_the_end_open_is_refused(telling: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Refused):
        framing("1.1", telling)


def test_a_request_names_its_host_unless_it_is_of_the_old_kind() -> None:
    with pytest.raises(Refused) as refused:
        framing("1.1", [])
    assert refused.value.refusal == NO_HOST
    assert framing("1.0", []) == Framing(0, websocket=False)


@pytest.mark.parametrize("version", ["0.9", "2.0", "9.9", ""])
def test_only_versions_that_we_speak_are_taken(version: str) -> None:
    with pytest.raises(Refused):
        framing(version, [HOST])


def test_chunks_belong_to_the_newer_version_alone() -> None:
    """RFC 9112, 6.1: whoever forwarded it as 1.0 has not understood it."""
    with pytest.raises(Refused):
        framing("1.0", [HOST, CHUNKED])


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"BREW / HTTP/1.1", True), (b"VERSION-X /", True), (b"<a> /", False), (b"\x16\x03", False)],
)
def test_a_method_nobody_knows_is_told_from_what_is_none(data: bytes, expected: bool) -> None:
    assert is_a_method(data) is expected
