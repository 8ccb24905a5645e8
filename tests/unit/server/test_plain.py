"""Which requests need no parser: those that every parser reads alike."""

import pytest

from gateway.server.plain import MOST_BYTES, Plain, plain_request

HOST = b"Host: shop.example\r\n"


def request(first: bytes = b"GET / HTTP/1.1", fields: bytes = HOST, rest: bytes = b"") -> bytes:
    return first + b"\r\n" + fields + b"\r\n" + rest


def test_what_a_plain_request_says_is_found() -> None:
    found = plain_request(request(b"GET /books/?page=2&tag=x HTTP/1.1"))
    assert found == Plain(
        path="/books/",
        query=b"page=2&tag=x",
        version="1.1",
        is_head=False,
        closes=False,
        request_id=b"",
        headers=((b"host", b"shop.example"),),
    )


def test_a_browsers_request_is_plain() -> None:
    fields = (
        HOST + b"Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n"
        b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\n"
        b'If-None-Match: "abc"\r\nCookie: a=b; c="d e"\r\nX-Forwarded-For: 10.0.0.1\r\n'
    )
    found = plain_request(request(fields=fields))
    assert found
    assert found.path == "/"


def test_head_is_told_from_get() -> None:
    found = plain_request(request(b"HEAD / HTTP/1.1"))
    assert found
    assert found.is_head


@pytest.mark.parametrize(
    ("first", "field", "closes"),
    [
        (b"GET / HTTP/1.1", b"", False),
        (b"GET / HTTP/1.1", b"connection:  Keep-Alive \r\n", False),
        (b"GET / HTTP/1.1", b"CONNECTION: Close\r\n", True),
        (b"GET / HTTP/1.0", b"", True),
        (b"GET / HTTP/1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_who_wants_to_go_on_is_known(first: bytes, field: bytes, closes: bool) -> None:
    found = plain_request(request(first, HOST + field))
    assert found
    assert found.closes is closes


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (b"X-Request-ID: abc-1._X\r\n", b"abc-1._X"),
        (b"x-request-id:abc\r\n", b"abc"),
        (b"X-Request-ID: " + b"x" * 128 + b"\r\n", b"x" * 128),
        (b"X-Request-ID: " + b"x" * 129 + b"\r\n", b""),
        (b"X-Request-ID: a b\r\n", b""),
        (b"X-Request-ID: <b>\r\n", b""),
        (b"X-Request-ID:\r\n", b""),
        (b"X-Request-ID: a\r\nX-Request-ID: b\r\n", b""),
    ],
)
def test_a_name_is_taken_if_it_is_well_formed(given: bytes, taken: bytes) -> None:
    found = plain_request(request(fields=HOST + given))
    assert found
    assert found.request_id == taken


@pytest.mark.parametrize(
    "first",
    [
        b"POST / HTTP/1.1",
        b"get / HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET http://shop.example/ HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"GET /  HTTP/1.1",
        b" GET / HTTP/1.1",
        b"\r\nGET / HTTP/1.1",
        b"GET /",
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.12",
        b"GET / http/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /%2e%2e/ HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET /?\xff HTTP/1.1",
        b"GET /#x HTTP/1.1",
        b"GET /?a#x HTTP/1.1",
        b"GET /\\ HTTP/1.1",
        b"GET /\t HTTP/1.1",
        b"GET / HTTP/1.1\r",
        b"GET / HTTP/1.1\n",
    ],
)
def test_a_first_line_with_anything_curious_goes_the_long_way(first: bytes) -> None:
    assert plain_request(request(first)) is None


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"Host:\r\n",
        HOST + HOST,
        HOST + b"Content-Length: 0\r\n",
        HOST + b"content-length: 5\r\n",
        HOST + b"Transfer-Encoding: chunked\r\n",
        HOST + b"TE: trailers\r\n",
        HOST + b"Trailer: X\r\n",
        HOST + b"Expect: 100-continue\r\n",
        HOST + b"Upgrade: websocket\r\n",
        HOST + b"Connection: Upgrade\r\n",
        HOST + b"Connection: keep-alive, close\r\n",
        HOST + b"Connection: close\r\nConnection: keep-alive\r\n",
        HOST + b"Connection:\r\n",
        HOST + b"HTTP2-Settings: AAMAAABk\r\n",
        HOST + b"Daphne-Root-Path: /evil\r\n",
        HOST + b"X: a\r\n folded\r\n",
        HOST + b"X: a\rTransfer-Encoding: chunked\r\n",
        HOST + b"X: a\nTransfer-Encoding: chunked\r\n",
        HOST + b"X: a\n\nGET / HTTP/1.1\r\n",
        HOST + b"X : a\r\n",
        HOST + b" X: a\r\n",
        HOST + b": a\r\n",
        HOST + b"X\r\n",
        HOST + b"X\x00: a\r\n",
        HOST + b"X: a\x00\r\n",
        HOST + b"X: \x7f\r\n",
        b"Host : shop.example\r\n",
    ],
)
def test_header_fields_with_anything_curious_go_the_long_way(fields: bytes) -> None:
    assert plain_request(request(fields=fields)) is None


@pytest.mark.parametrize("rest", [b"\r\n", b"x", request(), b"\n"])
def test_whatever_follows_goes_the_long_way(rest: bytes) -> None:
    assert plain_request(request(rest=rest)) is None


def test_no_part_of_a_request_is_one() -> None:
    whole = request(fields=HOST + b"Connection: close\r\n")
    assert plain_request(whole)
    assert all(plain_request(whole[:end]) is None for end in range(len(whole)))


def test_a_long_head_goes_the_long_way() -> None:
    longest = request(fields=HOST + b"X: " + b"x" * (MOST_BYTES - len(request()) - 5) + b"\r\n")
    assert len(longest) == MOST_BYTES
    assert plain_request(longest)
    assert plain_request(longest.replace(b"X: x", b"X: xx")) is None
