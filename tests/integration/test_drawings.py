"""Drawings: pages name them, each is a picture of its own, and browsers keep it for good."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from gateway.storefront.art import VERSION, cover_path, poster_path
from gateway.web.protection import NOTHING
from tests.integration.conftest import visitor

MOST_BYTES = 10_000
"""Of the home page, with the banners and books of the seed."""

PAGES = ["/", "/books/", "/books/?page=2"]
BOOK = ("9780140447934", "War and Peace", "Leo Tolstoy")


def pictures(html: str) -> Iterator[str]:
    """Every address that an ``img`` of a page names."""
    yield from map(unescape, re.findall(r'<img [^>]*src="([^"]*)"', html))


async def test_the_home_page_is_small(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        page = await client.get("/")
    assert page.headers["Gateway-Complete"] == "?1"
    assert len(page.content) < MOST_BYTES
    assert len(list(pictures(page.text))) >= 13


@pytest.mark.parametrize("path", PAGES)
async def test_no_drawing_stands_in_a_page(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        html = (await client.get(path)).text
    assert "<svg" not in html


@pytest.mark.parametrize("path", PAGES)
async def test_every_picture_that_a_page_names_is_there_for_good(
    gateway_app: Any, path: str
) -> None:
    async with visitor(gateway_app) as client:
        named = list(pictures((await client.get(path)).text))
        assert named
        for address in named:
            _assert_is_a_picture_for_good(await client.get(address))


def _assert_is_a_picture_for_good(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.request.url
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["ETag"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == NOTHING
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers, "the same for everybody, signed in or not"


async def test_the_first_things_in_sight_are_not_put_off(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        home, books = [(await client.get(path)).text for path in ("/", "/books/")]
    for html, at_once in ((home, 1), (books, 6)):
        lazy = ["lazy" in tag for tag in re.findall(r"<img [^>]*>", html)]
        assert lazy == [False] * at_once + [True] * (len(lazy) - at_once)


async def test_the_same_address_is_the_same_picture_for_everybody(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client, visitor(gateway_app) as other:
        for address in (cover_path(*BOOK), poster_path("wr-1")):
            first = await client.get(address)
            again = await other.get(address, headers={"Cookie": "sessionid=x; guest=y"})
            assert first.content == again.content
            assert first.headers["ETag"] == again.headers["ETag"]


async def test_a_picture_that_a_browser_has_is_not_sent_again(gateway_app: Any) -> None:
    address = cover_path(*BOOK)
    async with visitor(gateway_app) as client:
        tag = (await client.get(address)).headers["ETag"]
        again = await client.get(address, headers={"If-None-Match": tag})
        other = await client.get(address, headers={"If-None-Match": '"another"'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert "immutable" in again.headers["Cache-Control"]
    assert other.status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/art/", "/art/cover.svg", "/art/poster.svg?", "/art/cover", "/art/other.svg?x/y",
        "/art/cover.svg?a/b/c/d", f"/art/cover.svg?{VERSION}.AAAAAAAA/9780140447934/Any/Words",
        cover_path(*BOOK) + "&x=1", cover_path(*BOOK).replace("War", "Law"), "/art/cover.svg?%00",
        cover_path(*BOOK).replace("cover", "poster"), poster_path("wr-1").replace("wr-1", "wr-9"),
    ],
)  # fmt: skip
async def test_any_other_address_is_no_picture(gateway_app: Any, address: str) -> None:
    async with visitor(gateway_app) as client:
        answer = await client.get(address)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_an_address_of_another_version_is_shown_and_kept_by_nobody(gateway_app: Any) -> None:
    """So that pages of the version before keep their pictures while gateways are replaced."""
    async with visitor(gateway_app) as client:
        answer = await client.get(cover_path(*BOOK).replace(VERSION, "0a0a0a"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


async def test_a_picture_can_only_be_looked_at(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        assert (await client.post(cover_path(*BOOK))).status_code == 405
        assert (await client.head(cover_path(*BOOK))).status_code == 200
