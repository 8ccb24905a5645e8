"""The shelf of pages that lie ready: what is laid there, for whom, and for how long."""

from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from gateway.web.ready import KEPT_SECONDS, MOST_PAGES, Shelf, handed_out, key_of
from tests.unit.web.asking import Visit

PUBLIC = "public, max-age=29"


class Clock:
    """Tells the time that it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(clock: Clock) -> Shelf:
    return Shelf(clock)


def scope(path: str = "/", **changed: Any) -> dict[str, Any]:
    headers = [(b"host", b"shop.example"), *changed.pop("headers", [])]
    asked = {"method": "GET", "path": path, "query_string": b"", "headers": headers}
    return asked | changed


def page(body: bytes = b"a page", true_for: float = 1.0, cache: str = PUBLIC) -> Any:
    made: Any = HttpResponse(body, headers={"Cache-Control": cache, "X-Request-ID": "of-one"})
    made.true_for = true_for
    return made


def lies_there(shelf: Shelf, **asked: Any) -> bool:
    key = key_of(scope(**asked))
    return key is not None and shelf.find(key) is not None


def test_a_page_lies_there_for_a_moment(shelf: Shelf, clock: Clock) -> None:
    shelf.offer(scope(), page())
    assert lies_there(shelf)
    clock.now += KEPT_SECONDS
    assert not lies_there(shelf)


def test_it_lies_there_no_longer_than_its_headers_are_true(shelf: Shelf, clock: Clock) -> None:
    shelf.offer(scope(), page(true_for=0.1))
    clock.now += 0.1
    assert not lies_there(shelf)


def streamed() -> Any:
    made: Any = StreamingHttpResponse([b"x"], headers={"Cache-Control": PUBLIC})
    made.true_for = 1.0
    return made


def with_a_cookie() -> Any:
    made = page()
    made.set_cookie("guest", "somebody")
    return made


def refused() -> Any:
    made = page()
    made.status_code = 503
    return made


@pytest.mark.parametrize(
    "answer",
    [
        page(cache="no-store"),
        page(cache="private, max-age=60"),
        page(cache="public, max-age=0"),
        page(cache=""),
        page(true_for=0.0),
        HttpResponse(b"no page at all"),
        streamed(),
        with_a_cookie(),
        refused(),
    ],
)
def test_what_no_cache_might_keep_is_not_laid_there(shelf: Shelf, answer: Any) -> None:
    shelf.offer(scope(), answer)
    assert not shelf.has_any


SPECIAL: list[dict[str, Any]] = [
    {"query_string": b"page=2"},
    {"method": "POST"},
    {"headers": [(b"cookie", b"a=b; sessionid=abc")]},
    {"headers": [(b"if-none-match", b'"x"')]},
    {"headers": [(b"range", b"bytes=0-1")]},
    {"headers": [(b"authorization", b"Basic x")]},
    {"headers": [(b"host", b"other.example")]},
    {"headers": [(b"x-forwarded-proto", b"https")]},
    {"path": "/books/"},
]


@pytest.mark.parametrize("asked", SPECIAL)
def test_who_asks_for_something_of_his_own_does_not_get_it(
    shelf: Shelf, asked: dict[str, Any]
) -> None:
    shelf.offer(scope(), page())
    assert not lies_there(shelf, **asked)


@pytest.mark.parametrize("asked", SPECIAL)
def test_what_one_was_told_who_asked_for_his_own_does_not_reach_others(
    shelf: Shelf, asked: dict[str, Any]
) -> None:
    shelf.offer(scope(**asked), page())
    assert not lies_there(shelf)


@pytest.mark.parametrize(
    "asked", [{"method": "HEAD"}, {"headers": [(b"cookie", b"csrftoken=x; theme=dark")]}]
)
def test_a_stranger_gets_it_whatever_his_other_cookies_are(
    shelf: Shelf, asked: dict[str, Any]
) -> None:
    shelf.offer(scope(), page())
    assert lies_there(shelf, **asked)


def test_it_never_grows_beyond_its_bound(shelf: Shelf) -> None:
    """Hosts are checked before, but whoever may name many must not fill the memory."""
    for number in range(3 * MOST_PAGES):
        shelf.offer(scope(headers=[], path=f"/{number}"), page())
    assert len(shelf._pages) <= MOST_PAGES


async def test_each_answer_has_a_name_of_its_own(shelf: Shelf) -> None:
    shelf.offer(scope(headers=[]), page())

    async def app(asked: Any, receive: Any, send: Any) -> None:
        assert await handed_out(shelf, asked, receive, send)

    named = ((b"x-request-id", b"mine-1"),)
    first = await Visit(app, "/", host=b"shop.example", headers=named).asked()
    second = await Visit(app, "/", host=b"shop.example").asked()
    assert (first.status, first.answer) == (200, b"a page")
    assert first.header("X-Request-ID") == "mine-1"
    assert second.header("X-Request-ID") not in ("", "of-one", "mine-1")
    assert second.header("Server-Timing").endswith('desc="ready"')
