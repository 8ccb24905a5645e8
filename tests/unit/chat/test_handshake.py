"""What is known of a WebSocket before anything is said on it."""

from typing import Any

import pytest

from gateway.chat.handshake import Wish, address_of, is_from_here, wish_of
from gateway.chat.protocol import Close, Ending


def scope(path: str = "/ws/chat/tea/", query: str = "", **headers: str) -> dict[str, Any]:
    fields = {"host": "localhost:8000"} | headers
    return {
        "type": "websocket",
        "path": path,
        "query_string": query.encode(),
        "client": ["10.1.2.3", 5000],
        "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in fields.items()],
    }


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("localhost:8000", "https://LOCALHOST:8000"),
        ("localhost", "http://localhost"),
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
        ("127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_our_own_pages_may_connect(host: str, origin: str) -> None:
    assert is_from_here(scope(host=host, origin=origin))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost"),
        ("localhost:8000", "http://localhost:8001"),
        ("localhost:8000", "http://127.0.0.1:8000"),
        ("localhost:8000", "http://localhost:8000.evil.example"),
        ("localhost:8000", "http://evil.example/localhost:8000"),
        ("localhost:8000", "http://localhost:8000@evil.example"),
        ("localhost:8000", "null"),
        ("localhost:8000", ""),
        ("localhost", "ftp://localhost"),
        ("localhost:8000", "http://localhost:99999999"),
        ("evil.example", "http://evil.example"),
        ("", "http://localhost"),
    ],
)
def test_pages_of_others_may_not(host: str, origin: str) -> None:
    assert not is_from_here(scope(host=host, origin=origin))


def test_what_is_no_browser_may_connect() -> None:
    assert is_from_here(scope())
    assert not is_from_here(scope(host="evil.example"))


def test_two_origins_are_none_of_ours() -> None:
    asked = scope(origin="http://localhost:8000")
    asked["headers"].append((b"origin", b"http://localhost:8000"))
    assert not is_from_here(asked)


def test_the_address_names_the_room_and_what_was_seen() -> None:
    assert wish_of(scope()) == Wish("tea", None)
    assert wish_of(scope(query="last_seen=17&version=1")) == Wish("tea", 17)


@pytest.mark.parametrize("query", ["last_seen=-1", "last_seen=x", "last_seen=٣", "last_seen="])
def test_nonsense_for_what_was_seen_counts_as_nothing(query: str) -> None:
    assert wish_of(scope(query=query)).last_seen is None


def test_parameters_that_nobody_knows_are_passed_over() -> None:
    many = "&".join(f"p{number}=1" for number in range(100))
    assert wish_of(scope(query=f"{many}&last_seen=17")).last_seen == 17


@pytest.mark.parametrize("path", ["/", "/ws/chat/", "/ws/chat/tea", "/ws/chat/a/b/", "/ws/chat/é/"])
def test_another_address_is_no_room(path: str) -> None:
    with pytest.raises(Ending) as ending:
        wish_of(scope(path))
    assert ending.value.code is Close.NO_SUCH_ROOM


def test_another_version_is_refused() -> None:
    with pytest.raises(Ending) as ending:
        wish_of(scope(query="version=2"))
    assert ending.value.code is Close.UNKNOWN_VERSION


@pytest.mark.parametrize(
    ("peer", "claimed", "address"),
    [
        ("10.1.2.3", "203.0.113.7", "203.0.113.7"),
        ("172.18.0.5", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "203.0.113.7", "127.0.0.1"),
        ("198.41.0.4", "203.0.113.7", "198.41.0.4"),
        ("10.1.2.3", "203.0.113.7, 10.0.0.1", "10.1.2.3"),
        ("10.1.2.3", "<script>", "10.1.2.3"),
    ],
)
def test_only_an_edge_is_believed_where_somebody_comes_from(
    peer: str, claimed: str, address: str
) -> None:
    asked = scope(x_forwarded_for=claimed) | {"client": [peer, 1]}
    assert address_of(asked) == address


def test_without_an_address_nobody_falls() -> None:
    assert address_of(scope() | {"client": None}) == ""
