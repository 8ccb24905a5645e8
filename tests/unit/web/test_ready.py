"""The shelf of pages that lie ready: what is laid there, for whom, and for how long."""

from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from gateway.web.ready import (
    AWAITED_SECONDS,
    KEPT_SECONDS,
    MOST_PAGES,
    NOT_TO_KEEP,
    RENEWED_SECONDS,
    SOON_SECONDS,
    Key,
    Shelf,
    handed_out,
    key_of,
)
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


def page(body: bytes = b"a page", kept: str = PUBLIC) -> Any:
    made: Any = HttpResponse(body, headers={"Cache-Control": "as it is", "X-Request-ID": "of-one"})
    made.kept_control = kept
    return made


def lies_there(shelf: Shelf, **asked: Any) -> bool:
    key = key_of(scope(**asked))
    return key is not None and shelf.find(key) is not None


def test_a_page_lies_there_for_a_moment(shelf: Shelf, clock: Clock) -> None:
    shelf.offer(scope(), page())
    assert lies_there(shelf)
    clock.now += KEPT_SECONDS
    assert not lies_there(shelf)


def test_it_says_to_caches_what_is_true_for_as_long_as_it_lies_there(shelf: Shelf) -> None:
    shelf.offer(scope(), page(kept=PUBLIC))
    found = shelf.find(Key(b"shop.example", b"", "/"))
    assert found
    assert dict(found.headers)[b"cache-control"] == PUBLIC.encode()


def test_after_a_while_one_visitor_is_sent_on_and_the_others_get_the_old_one(
    shelf: Shelf, clock: Clock
) -> None:
    shelf.offer(scope(), page())
    clock.now += RENEWED_SECONDS
    assert [lies_there(shelf) for _ in range(3)] == [False, True, True]
    shelf.offer(scope(), page())
    assert lies_there(shelf)


def test_what_is_about_to_be_mended_is_renewed_soon(shelf: Shelf, clock: Clock) -> None:
    """A crowd must not find the shelf empty for as long as a fragment is being refreshed."""
    shelf.offer(scope(), page(kept=NOT_TO_KEEP))
    assert lies_there(shelf)
    clock.now += SOON_SECONDS
    assert [lies_there(shelf) for _ in range(3)] == [False, True, True]


def test_who_was_sent_on_is_sent_on_again_behind_the_first_look(shelf: Shelf, clock: Clock) -> None:
    """The look by the bytes, and then that by the request, are for one and the same visitor."""
    shelf.offer(scope(), page())
    clock.now += RENEWED_SECONDS
    key = Key(b"shop.example", b"", "/")
    assert shelf.find(key) is None
    assert shelf.find_behind(key) is None
    assert shelf.find_behind(key) is not None


def test_where_nobody_looks_first_the_second_look_sends_one_on(shelf: Shelf, clock: Clock) -> None:
    shelf.offer(scope(), page())
    clock.now += RENEWED_SECONDS
    key = Key(b"shop.example", b"", "/")
    assert [shelf.find_behind(key) is None for _ in range(3)] == [True, False, False]


def streamed() -> Any:
    made: Any = StreamingHttpResponse([b"x"])
    made.kept_control = PUBLIC
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
        page(kept="no-store"),
        page(kept="private, max-age=60"),
        page(kept=""),
        HttpResponse(b"no page at all"),
        streamed(),
        with_a_cookie(),
        refused(),
    ],
)
def test_what_is_not_for_everybody_is_not_laid_there(shelf: Shelf, answer: Any) -> None:
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


def test_past_its_end_one_is_sent_on_after_another_and_the_page_is_awaited(
    shelf: Shelf, clock: Clock
) -> None:
    key = Key(b"shop.example", b"", "/")
    shelf.offer(scope(), page())
    clock.now += 10 * KEPT_SECONDS
    assert not shelf.is_awaited(key)
    assert shelf.find(key) is None
    assert shelf.is_awaited(key)
    clock.now += 2 * AWAITED_SECONDS
    assert not shelf.is_awaited(key), "the first may never come back"
    assert shelf.find(key) is None
    assert shelf.is_awaited(key)
    shelf.offer(scope(), page())
    assert lies_there(shelf)


def being_mended() -> Any:
    made: Any = HttpResponse(b"partly stale", headers={"Cache-Control": "no-store"})
    made.is_being_mended = True
    return made


def test_what_lies_there_stays_while_the_next_one_is_being_mended(
    shelf: Shelf, clock: Clock
) -> None:
    shelf.offer(scope(), page())
    clock.now += RENEWED_SECONDS
    assert not lies_there(shelf)
    shelf.offer(scope(), being_mended())
    assert lies_there(shelf)
    clock.now += SOON_SECONDS
    assert [lies_there(shelf) for _ in range(2)] == [False, True], "it is looked for soon"
    clock.now += KEPT_SECONDS
    assert not lies_there(shelf)
    shelf.offer(scope(), being_mended())
    assert not shelf.has_any, "it is too old"


def test_nobody_waits_for_a_page_that_is_not_for_all_any_more(shelf: Shelf, clock: Clock) -> None:
    key = Key(b"shop.example", b"", "/")
    shelf.offer(scope(), page())
    clock.now += 10 * KEPT_SECONDS
    shelf.find(key)
    shelf.offer(scope(), refused())
    assert not shelf.is_awaited(key)
