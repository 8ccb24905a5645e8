from typing import Any

import pytest
from django.http import HttpRequest
from django.test import AsyncRequestFactory

from gateway.web.audience import patches_by_itself, takes_pieces

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0"


def asked(
    path: str = "/", method: str = "GET", version: str = "1.1", **headers: str
) -> HttpRequest:
    """A request of a browser, but for what is named."""
    told = {"accept": BROWSER, "user-agent": FIREFOX, **headers}
    request: Any = AsyncRequestFactory().generic(method, path, headers=told)
    request.scope["http_version"] = version
    return request  # type: ignore[no-any-return]


@pytest.mark.parametrize("version", ["1.1", "2", "3"])
def test_a_browser_takes_pieces(version: str) -> None:
    assert takes_pieces(asked(version=version))


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/*", "application/json", "text/html;q=0", "text/htmlish"]
)
def test_who_does_not_name_html_gets_the_page_whole(accept: str) -> None:
    assert not takes_pieces(asked(accept=accept))


@pytest.mark.parametrize("accept", ["text/html", "TEXT/HTML", "a/b, text/html;q=0.1", "text/html;"])
def test_html_may_be_named_in_any_way(accept: str) -> None:
    assert takes_pieces(asked(accept=accept))


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_only_get_is_answered_in_pieces(method: str) -> None:
    assert not takes_pieces(asked(method=method))


@pytest.mark.parametrize("version", ["0.9", "1.0"])
def test_an_old_protocol_knows_no_chunks(version: str) -> None:
    assert not takes_pieces(asked(version=version))


@pytest.mark.parametrize("query", ["buffered", "buffered=", "buffered=1", "a=b&buffered"])
def test_whoever_asks_for_the_whole_page_gets_it(query: str) -> None:
    assert not takes_pieces(asked(f"/?{query}"))
    assert takes_pieces(asked(f"/?un{query.removeprefix('a=b&')}"))


@pytest.mark.parametrize(
    "name",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
        "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "SomeCrawler/1.0",
    ],
)
def test_a_bot_gets_the_page_whole(name: str) -> None:
    assert not takes_pieces(asked(**{"user-agent": name}))


@pytest.mark.parametrize(
    ("brands", "native"),
    [
        ('"Not:A-Brand";v="8", "Chromium";v="156"', True),
        ('"Chromium";v="150", "Google Chrome";v="150"', True),
        ('"Chromium";v="149", "Google Chrome";v="149"', False),
        ('"Firefox";v="200"', False),
        ('"Chromium";v="x"', False),
        ("", False),
    ],
)
def test_a_browser_that_can_places_late_parts_by_itself(brands: str, native: bool) -> None:
    assert patches_by_itself(asked(**{"sec-ch-ua": brands})) is native
