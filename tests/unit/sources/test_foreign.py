"""Errors of HTTP libraries become ours in one place, by what truly happened."""

import asyncio
import errno
import socket

import httpx
import pytest

from gateway.aggregation.errors import SourceError, SourceTimeout
from gateway.sources.foreign import translated


def word_for(error: BaseException, cause: BaseException | None = None) -> str:
    """Return the reason of what ``error``, raised from ``cause``, becomes."""
    with pytest.raises(SourceError) as caught, translated("thing"):
        raise error from cause
    assert caught.value.__cause__ is error
    assert caught.value.source == "thing"
    return caught.value.reason


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (httpx.ConnectTimeout(""), "unreachable"),
        (httpx.ConnectError(""), "unreachable"),
        (httpx.ReadTimeout(""), "timeout"),
        (httpx.WriteTimeout(""), "timeout"),
        (httpx.PoolTimeout(""), "busy"),
        (httpx.ReadError(""), "disconnected"),
        (httpx.WriteError(""), "disconnected"),
        (httpx.CloseError(""), "disconnected"),
        (httpx.RemoteProtocolError(""), "protocol"),
        (httpx.DecodingError(""), "protocol"),
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "disconnected"),
        (BrokenPipeError(errno.EPIPE, "pipe"), "disconnected"),
        (socket.gaierror(socket.EAI_NONAME, "no name"), "unresolved"),
        (ValueError("no header"), "protocol"),
        (OSError(errno.ENETUNREACH, "no route"), "unreachable"),
        (AttributeError("a fault of the library's own"), "unreachable"),
    ],
)
def test_each_error_has_its_word(error: Exception, word: str) -> None:
    assert word_for(error) == word


@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), "refused"),
        (ConnectionResetError(errno.ECONNRESET, ""), "disconnected"),
        (socket.gaierror(), "unresolved"),
        (ExceptionGroup("all", [ConnectionRefusedError(errno.ECONNREFUSED, "")]), "refused"),
    ],
)
def test_the_cause_knows_better_than_the_class(cause: Exception, word: str) -> None:
    assert word_for(httpx.ConnectTimeout("misnamed"), cause) == word


def test_an_error_that_was_being_handled_already_is_no_cause() -> None:
    """A second try, made because the first was refused, may fail for a reason of its own."""
    try:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "the first try")
    except ConnectionRefusedError:
        assert word_for(httpx.ReadTimeout("the second")) == "timeout"


def test_causes_that_go_round_in_a_circle_come_to_an_end() -> None:
    one, other = httpx.ReadError("one"), OSError("other")
    one.__context__, other.__context__ = other, one
    assert word_for(one) == "disconnected"


def test_our_own_errors_go_through_as_they_are() -> None:
    ours = SourceTimeout("inner")
    with pytest.raises(SourceTimeout) as caught, translated("thing"):
        raise ours
    assert caught.value is ours


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_who_is_told_to_stop_stops(kind: type[BaseException]) -> None:
    with pytest.raises(kind), translated("thing"):
        raise kind


def test_what_a_service_sent_stays_out_of_the_detail() -> None:
    """Libraries repeat what they could not read."""
    with pytest.raises(SourceError) as caught, translated("thing"):
        raise httpx.RemoteProtocolError("illegal line: secret\r\nforged")
    assert caught.value.detail == "RemoteProtocolError"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ("Connection refused (os error 111)", "refused"),
        ("failed to lookup address information: Name or service not known", "unresolved"),
        ("connection closed before message completed", "disconnected"),
        ("something that nobody foresaw", "unreachable"),
    ],
)
def test_an_error_that_speaks_only_in_words_is_understood(words: str, word: str) -> None:
    class WordyError(Exception):
        details = {"causes": [{"message": "asking http://x/?q=(os error 104)"}, {"message": words}]}

    assert word_for(httpx.ConnectError("connection error"), WordyError()) == word
