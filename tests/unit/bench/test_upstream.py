"""The upstream that takes its time says the same as the quick one."""

from tests.bench.pages.upstream import NOT_FOUND, chosen

REPLIES = {b"/v1/recommendations": b"strangers", b"/v1/recommendations?": b"members", b"/": b"page"}


def request(target: bytes) -> bytes:
    """Return a request's head for ``target``."""
    return b"GET " + target + b" HTTP/1.1\r\nHost: upstream"


def test_a_member_is_told_what_is_a_members() -> None:
    assert chosen(REPLIES, request(b"/v1/recommendations?member_id=1&limit=6")) == b"members"
    assert chosen(REPLIES, request(b"/v1/recommendations?limit=6")) == b"strangers"


def test_a_path_with_one_reply_alone_has_it_for_members_too() -> None:
    assert chosen(REPLIES, request(b"/?member_id=1")) == b"page"


def test_elsewhere_there_is_nothing() -> None:
    assert chosen(REPLIES, request(b"/elsewhere")) == NOT_FOUND
