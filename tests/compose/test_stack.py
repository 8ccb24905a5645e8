"""The page as a visitor gets it, with everything up and with parts of it down."""

import gzip
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from tests.compose.docker import Stack
from tests.compose.visitor import Answer, Visitor, complete

pytestmark = pytest.mark.compose


@contextmanager
def without(stack: Stack, service: str) -> Iterator[None]:
    """Stop the service for a while."""
    stack.stop(service)
    try:
        yield
    finally:
        stack.start(service)


def incomplete(answer: Answer) -> bool:
    return answer.headers.get("gateway-complete") == "?0"


def shown(page: Answer, words: str) -> bool:
    return html.escape(words) in page.text


def test_the_page_is_whole(visitor: Visitor) -> None:
    """Banners, recommendations and arrivals are in the page as the sources told them."""
    page = visitor.waits_for(complete, "/")
    fragments = visitor.waits_for(complete).json()["fragments"]
    told = {name: part["value"] for name, part in fragments.items()}
    assert page.status == 200
    assert told["promo"]["banners"]
    assert told["recco"]["items"]
    assert shown(page, told["promo"]["banners"][0]["headline"])
    assert all(shown(page, book["title"]) for book in told["recco"]["items"])
    assert "arrivals;state=live" in page.headers["fragment-status"]


def test_the_page_says_where_it_comes_from(visitor: Visitor) -> None:
    page = visitor.get("/", X_Request_ID="e2e-1")
    assert page.headers["x-request-id"] == "e2e-1"
    assert page.headers["gateway-complete"] == "?1"
    assert "page;dur=" in page.headers["server-timing"]
    assert "promo;state=live" in page.headers["fragment-status"]


def test_the_page_lacks_its_banner_and_nothing_else_without_promo(
    stack: Stack, visitor: Visitor
) -> None:
    with without(stack, "promo"):
        page = visitor.waits_for(incomplete, "/")
        told = visitor.get("/api/home").json()["fragments"]
    assert page.status == 200
    assert re.search(r"promo;state=(fallback|failed);[^,]*reason=", page.headers["fragment-status"])
    assert page.headers["cache-control"] == "no-store"
    assert {name for name, part in told.items() if part["state"] not in ("live", "fresh")} == {
        "promo"
    }
    assert all(shown(page, book["title"]) for book in told["recco"]["value"]["items"])
    assert complete(visitor.waits_for(complete))


@pytest.mark.parametrize(("service", "lost"), [("postgres", "arrivals"), ("recco", "recco")])
def test_the_page_answers_without(stack: Stack, visitor: Visitor, service: str, lost: str) -> None:
    """It says what is missing, and is complete again by itself."""
    with without(stack, service):
        page = visitor.waits_for(incomplete, "/")
    assert page.status == 200
    assert f"{lost};state=live" not in page.headers["fragment-status"]
    assert "promo;state=live" in page.headers["fragment-status"]
    assert complete(visitor.waits_for(complete))


def test_the_page_is_complete_without_redis(stack: Stack, visitor: Visitor) -> None:
    """A cache that is gone costs time, not content."""
    with without(stack, "redis"):
        assert complete(visitor.waits_for(complete, "/"))
    assert complete(visitor.waits_for(complete))


def test_the_demo_member_signs_in(stack: Stack, visitor: Visitor) -> None:
    """With what the logs of ``migrate`` say, and is greeted by name."""
    told = re.findall(r"Demo member: (\S+), password: (\S+)", stack.logs("migrate"))
    email, password = told[-1]
    form = visitor.get("/signin/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token
    here = f"http://127.0.0.1:{visitor.port}"
    fields = {"csrfmiddlewaretoken": token[1], "username": email, "password": password}
    done = visitor.send(
        "POST",
        "/signin/",
        body=urlencode(fields).encode(),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": _jar(form),
            "Origin": here,
            "Referer": f"{here}/signin/",
        },
    )
    assert (done.status, done.headers.get("location")) == (302, "/")
    page = visitor.get("/", Cookie=_jar(done))
    assert "Good to see you, Ada." in page.text
    assert page.headers["cache-control"] == "no-store"


def _jar(answer: Answer) -> str:
    jar: SimpleCookie = SimpleCookie()
    for cookie in answer.cookies:
        jar.load(cookie)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


def test_the_style_sheet_may_be_kept_for_good(visitor: Visitor) -> None:
    """Its name says what is in it; it travels packed, and comes from the edge."""
    links = re.findall(r'<link rel="stylesheet" href="([^"]+)"', visitor.get("/").text)
    assert links
    for link in links:
        packed = visitor.get(link, Accept_Encoding="gzip")
        assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert packed.headers["content-type"] == "text/css; charset=utf-8"
        assert packed.headers["x-content-type-options"] == "nosniff"
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == visitor.get(link).body


def test_every_drawing_of_the_page_may_be_kept_for_good(visitor: Visitor) -> None:
    """And the edge keeps it too: who comes next does not reach a gateway."""
    named = set(map(html.unescape, re.findall(r'src="(/art/[^"]+)"', visitor.get("/").text)))
    assert named
    for address in named:
        first, again = visitor.get(address), visitor.get(address)
        assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert first.headers["content-type"] == "image/svg+xml"
        assert again.body == first.body
        assert again.headers["server-timing"] == 'edge;desc="HIT"'


def test_pages_are_never_packed(visitor: Visitor) -> None:
    """The length of a packed page would tell of the token in its form."""
    assert "content-encoding" not in visitor.get("/signin/", Accept_Encoding="gzip, br").headers


def test_an_unknown_host_is_told_so(visitor: Visitor) -> None:
    assert visitor.get("/", Host="elsewhere.example").status == 400


def test_a_root_path_from_outside_has_no_effect(visitor: Visitor) -> None:
    """Neither on its own answer nor on the next visitor's."""
    answers = [visitor.get("/", Daphne_Root_Path="/poison"), visitor.get("/")]
    assert not any("/poison" in answer.text for answer in answers)
    assert not any('href="/static/' not in answer.text for answer in answers)
