"""When an answer is whole, and what its head says."""

import pytest

from tests.bench.pages.asking import is_whole, says_that_it_ends

LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("received", "whole"),
    [
        (b"", False),
        (LONG[:-2], False),
        (LONG + b"pag", False),
        (LONG + b"page", True),
        (CHUNKED, False),
        (CHUNKED + b"4\r\npage\r\n", False),
        (CHUNKED + b"4\r\npage\r\n0\r\n\r\n", True),
    ],
)
def test_an_answer_is_whole_when_its_last_byte_is_there(received: bytes, whole: bool) -> None:
    assert is_whole(bytearray(received)) is whole


def test_a_length_in_the_body_is_none_of_the_head() -> None:
    received = CHUNKED + b"15\r\n\r\nContent-Length: 1\r\n\r\n"
    assert not is_whole(bytearray(received))


def test_a_server_may_say_that_it_ends_the_connection() -> None:
    assert says_that_it_ends(bytearray(b"HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n"))
    assert not says_that_it_ends(bytearray(LONG + b"page"))
