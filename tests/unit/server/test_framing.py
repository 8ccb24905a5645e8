"""What is sent for an answer: where it ends is never open, whatever the application says."""

from typing import Any

import pytest

from gateway.server.framing import Framing
from gateway.server.plain import Plain, plain_request


def request(first: bytes = b"GET / HTTP/1.1", field: bytes = b"") -> Plain:
    found = plain_request(first + b"\r\nHost: shop.example\r\n" + field + b"\r\n")
    assert found
    return found


HEAD = request(b"HEAD / HTTP/1.1")
OLD = request(b"GET / HTTP/1.0")
LENGTH = (b"content-length", b"5")


def fields(head: bytes) -> dict[bytes, bytes]:
    """Return the fields of a head, and see to it that it is one, and has a date."""
    assert head.endswith(b"\r\n\r\n")
    _, *lines = head[:-4].split(b"\r\n")
    found = dict(line.split(b": ", 1) for line in lines)
    assert len(found) == len(lines)
    assert found.pop(b"date").endswith(b" GMT")
    return found


def test_an_answer_that_says_its_length_is_sent_as_it_is() -> None:
    framing = Framing(request(), last=False)
    head = framing.head(404, [(b"X-Own", b"1"), LENGTH])
    assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert fields(head) == {b"X-Own": b"1", b"content-length": b"5"}
    assert framing.body(b"he", more=True) == b"he"
    assert framing.body(b"llo", more=False) == b"llo"
    assert not framing.last


def test_without_a_length_it_comes_in_chunks() -> None:
    framing = Framing(request(), last=False)
    assert fields(framing.head(200, [])) == {b"transfer-encoding": b"chunked"}
    assert framing.body(b"hello", more=True) == b"5\r\nhello\r\n"
    assert framing.body(b"", more=True) == b""
    assert framing.body(b"x" * 16, more=False) == b"10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"


def test_who_knows_no_chunks_is_left_behind_it() -> None:
    framing = Framing(OLD, last=False)
    assert fields(framing.head(200, [])) == {b"connection": b"close"}
    assert framing.body(b"hello", more=False) == b"hello"
    assert framing.last


@pytest.mark.parametrize(("asked", "status"), [(HEAD, 200), (request(), 204), (request(), 304)])
def test_what_has_no_body_has_none(asked: Plain, status: int) -> None:
    framing = Framing(asked, last=False)
    assert b"transfer-encoding" not in fields(framing.head(status, []))
    assert framing.body(b"", more=False) == b""
    assert not framing.last


def test_head_is_told_the_length_and_gets_no_body() -> None:
    framing = Framing(HEAD, last=False)
    assert fields(framing.head(200, [LENGTH]))[b"content-length"] == b"5"
    assert framing.body(b"hello", more=False) == b""


@pytest.mark.parametrize(
    ("asked", "last"),
    [(request(field=b"Connection: close\r\n"), False), (request(), True)],
)
def test_the_last_answer_says_so(asked: Plain, last: bool) -> None:
    framing = Framing(asked, last)
    assert fields(framing.head(200, [LENGTH]))[b"connection"] == b"close"
    assert framing.last


def test_an_application_may_end_it_too() -> None:
    framing = Framing(request(), last=False)
    assert framing.head(200, [LENGTH, (b"Connection", b"Close")]).count(b"onnection") == 1
    assert framing.last


@pytest.mark.parametrize("body", [b"hell", b"hello!"])
def test_an_answer_that_is_not_as_long_as_it_says_is_none(body: bytes) -> None:
    framing = Framing(request(), last=False)
    framing.head(200, [LENGTH])
    with pytest.raises(ValueError, match="not as long as it says"):
        framing.body(body, more=False)


def test_a_body_where_there_is_none_is_no_answer() -> None:
    framing = Framing(request(), last=False)
    framing.head(304, [])
    with pytest.raises(ValueError, match="not as long as it says"):
        framing.body(b"x", more=False)


@pytest.mark.parametrize(
    "headers",
    [[LENGTH, (b"Content-Length", b"6")], [(b"Transfer-Encoding", b"gzip, chunked")]],
)
def test_who_says_in_two_ways_where_it_ends_says_no_answer(headers: Any) -> None:
    with pytest.raises(ValueError, match="in two ways"):
        Framing(request(), last=False).head(200, headers)


def test_a_date_of_the_applications_is_the_only_one() -> None:
    head = Framing(request(), last=False).head(200, [LENGTH, (b"Date", b"Mon, 1 Jan 2024 GMT")])
    assert head.lower().count(b"date:") == 1


def test_an_application_cannot_keep_the_last_connection() -> None:
    head = Framing(request(), last=True).head(200, [LENGTH, (b"Connection", b"keep-alive")])
    assert b"keep-alive" not in head
    assert b"connection: close\r\n" in head


@pytest.mark.parametrize(
    "header",
    [(b"x", b"1\r\nset-cookie: a=b"), (b"x\n", b"1"), (b"x", b"1\rset-cookie: a=b")],
)
def test_nothing_can_be_put_between_the_headers(header: Any) -> None:
    with pytest.raises(ValueError, match="line break"):
        Framing(request(), last=False).head(200, [header])


def test_a_status_that_has_no_name_is_sent_without_one() -> None:
    assert Framing(request(), last=False).head(299, []).startswith(b"HTTP/1.1 299 \r\n")
