"""Asking in the way that blocks: what comes out is a value or one of our errors, in time."""

import threading
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    BadPayload,
    BadProtocol,
    BadStatus,
    ReplyTooLarge,
    SourceCancelled,
    SourceRefused,
    SourceTimeout,
)
from gateway.sources.blocking import Asking, ask_service
from gateway.sources.body import MAX_BYTES
from gateway.sources.http import Endpoint


class Said(msgspec.Struct):
    """What the service says."""

    word: str


SERVICE = Endpoint(
    name="service",
    service="PROMO_SERVICE_URL",
    path="/v1/words",
    asks=("on", "limit"),
    payload=Said,
    timeout="PROMO_TIMEOUT_SECONDS",
)
Answer = Callable[[httpx.Request], httpx.Response]


def asking(seconds: float = 5.0) -> Asking:
    args = {"on": "2026-11-20", "limit": None, "secret": "x"}
    return Asking(args, Deadline.after(seconds), {"X-Request-ID": "r1"}, threading.Event())


def ask(answer: Answer, asked: Asking | None = None) -> object:
    transport = httpx.MockTransport(answer)
    return ask_service(transport, SERVICE, "http://words.test", asked or asking())


def test_it_asks_what_is_declared_and_nothing_else() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"word": "hello"})

    assert ask(answer) == Said("hello")
    assert str(seen[0].url) == "http://words.test/v1/words?on=2026-11-20"
    assert seen[0].headers["X-Request-ID"] == "r1"


def refuses(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no") from ConnectionRefusedError(111, "refused")


def hangs(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("nothing came")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refuses, SourceRefused),
        (hangs, SourceTimeout),
        (lambda _: httpx.Response(500), BadStatus),
        (lambda _: httpx.Response(200, headers={"Content-Encoding": "br"}), BadProtocol),
        (lambda _: httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), BadStatus),
        (lambda _: httpx.Response(200, content=b"<html>"), BadPayload),
        (lambda _: httpx.Response(200, content=b"[" * 100_000), BadPayload),
        (lambda _: httpx.Response(200, json={"word": 1}), BadPayload),
        (lambda _: httpx.Response(200, content=b" " * (MAX_BYTES + 1)), ReplyTooLarge),
    ],
)
def test_what_goes_wrong_is_one_of_our_errors(answer: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        ask(answer)


class Trickle(httpx.SyncByteStream):
    """A body without an end."""

    def __init__(self, each: Callable[[], None]) -> None:
        self.each = each

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.each()
            yield b" "


def test_a_body_that_trickles_ends_at_the_deadline() -> None:
    asked = asking(0.05)
    with pytest.raises(SourceTimeout):
        ask(lambda _: httpx.Response(200, stream=Trickle(lambda: None)), asked)


def test_it_stops_once_nobody_waits_any_more() -> None:
    asked = asking()
    with pytest.raises(SourceCancelled):
        ask(lambda _: httpx.Response(200, stream=Trickle(asked.given_up.set)), asked)
