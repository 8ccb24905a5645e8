"""A page that comes bit by bit is the same page as the whole one, however a browser takes it in.

The sources say here what a test wants; the browser, the gateway and the way between are real.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.contrib.staticfiles import finders
from playwright.sync_api import Page, Response, Route

import gateway.web.streamed
from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.source import Reply, Source, State
from gateway.web import patches
from gateway.web.protection import CONTENT_SECURITY_POLICY
from tests.browser.conftest import OpenPage
from tests.fakes import FOREVER, FakeSource
from tests.staged import Stage, served, well
from tests.unit.storefront.pages import ADA, banner, card, promotions, recommendations

LATE_SECONDS = 0.12
"""Later than any page waits for."""

NATIVE: dict[str, Any] = {}
SCRIPT: dict[str, Any] = {"extra_http_headers": {"Sec-CH-UA": '"Somebody else";v="1"'}}
"""A browser that does not say who it is has to be helped by the script."""
NO_SCRIPT: dict[str, Any] = {"java_script_enabled": False}

MODES = pytest.mark.parametrize("mode", [NATIVE, SCRIPT], ids=["native", "script"])

DOCUMENT = """() => {
  const page = document.documentElement.cloneNode(true);
  page.querySelector("#page-status")?.remove();
  page.querySelector("[name=csrfmiddlewaretoken]")?.removeAttribute("value");
  const marks = document.createTreeWalker(page, 128 | 64), found = [];
  while (marks.nextNode()) found.push(marks.currentNode);
  for (const mark of found) mark.remove();
  page.normalize();
  return page.outerHTML;
}"""
"""The page as elements and text; without the tokens against forgery, which differ each time."""


def late(value: Any, **told: Any) -> FakeSource:
    """A source that says ``value``, but late."""
    return FakeSource(value, LATE_SECONDS, **told)


FAILING = late(None, raises=SourceRefused("recco"))
MANY = promotions(banner(1), banner(2), banner(3))

CASES: Mapping[str, dict[str, Source]] = {
    "all at once": {},
    "one late": {"recco": late(recommendations())},
    "all late": {
        "promo": late(MANY),
        "recco": FakeSource(recommendations(), LATE_SECONDS / 2),
        "arrivals": late((card(1), card(2))),
    },
    "late and failed": {"recco": FAILING, "promo": FakeSource(MANY)},
    "late and without a word": {"arrivals": late(Reply((), State.FALLBACK, reason="timeout"))},
    "late and from earlier": {"promo": late(Reply(MANY, State.STALE, 720, 0.0, "timeout"))},
    "a member": {
        "membership": FakeSource(ADA),
        "recco": late(recommendations("42")),
    },
    "a member, known late": {
        "membership": late(ADA),
        "recco": FakeSource(recommendations("42")),
    },
    "a member no more, known late": {
        "membership": late(None),
        "recco": FakeSource(recommendations("42")),
    },
    "a member, nobody knows": {
        "membership": late(Reply(None, State.FALLBACK, reason="timeout")),
        "recco": late(recommendations("42")),
    },
}
BY_DAY_AND_NIGHT = pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 390)], ids=["day", "night"]
)


@pytest.fixture(scope="module")
def stage() -> Stage:
    """What the gateway asks."""
    return Stage()


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    """The address of the gateway."""
    with pytest.MonkeyPatch.context() as patch, served(stage, patch) as address:
        # However busy the machine of the tests is.
        patch.setattr(gateway.web.streamed, "LATEST_SECONDS", math.inf)
        yield address


@pytest.fixture(autouse=True)
def usual_day(stage: Stage) -> None:
    """Every test begins with sources that are well."""
    stage.sources = well()


def opened(open_page: OpenPage, url: str, case: str, **mode: Any) -> Page:
    """A new page of a browser in this mode, with our style; a member's where the case is one's."""
    page = open_page(**mode)
    page.route("**/static/**", _static)
    if "member" in case:
        page.context.add_cookies([{"name": "sessionid", "value": session(), "url": url}])
    return page


def session() -> str:
    """A cookie that claims to be a member's."""
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = "42", "hash"
    store.save()
    return str(store.session_key)


def _static(route: Route) -> None:
    found = finders.find(route.request.url.partition("/static/")[2])
    route.fulfill(path=Path(str(found)))


def went(page: Page, address: str) -> Response:
    answer = page.goto(address)
    assert answer
    return answer


@pytest.mark.parametrize("case", CASES)
def test_the_document_is_that_of_the_whole_page(
    stage: Stage, url: str, open_page: OpenPage, case: str
) -> None:
    """In browsers that place late parts themselves, with script or not, and in one that cannot."""
    stage.sources |= CASES[case]
    page = opened(open_page, url, case)
    assert "content-length" in went(page, f"{url}/?buffered").headers
    whole = page.evaluate(DOCUMENT)
    assert streamed(page, url, case) == whole
    assert streamed(opened(open_page, url, case, **SCRIPT), url, case) == whole
    without = streamed(opened(open_page, url, case, **NO_SCRIPT), url, case)
    assert without.replace(f"<script>{patches.SCRIPT}</script>", "") == whole


def streamed(page: Page, url: str, case: str) -> str:
    """What becomes of the page when it comes as it comes."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = went(page, f"{url}/")
    assert ("content-length" in answer.headers) is (case == "all at once")
    assert page.locator("[aria-busy], .late, template[for]").count() == 0
    assert complaints == []
    return str(page.evaluate(DOCUMENT))


def test_a_browser_that_claims_too_much_is_helped_by_the_script(
    stage: Stage, url: str, open_page: OpenPage
) -> None:
    """As one would be that knows ``<template for>``, and was told not to do it."""
    stage.sources["recco"] = late(recommendations())
    page = opened(open_page, url, "")
    went(page, f"{url}/?buffered")
    expected = page.evaluate(DOCUMENT)

    def disable(route: Route) -> None:
        answer = route.fetch()
        inert = answer.text().replace("<?start", "<!--start").replace("<?end", "<!--end")
        inert = inert.replace('name="recommendations">', 'name="recommendations"-->')
        route.fulfill(response=answer, body=inert)

    page.route(f"{url}/", disable)
    went(page, f"{url}/")
    assert page.evaluate(DOCUMENT) == expected


def test_without_script_a_late_part_is_read_further_down(
    stage: Stage, url: str, open_page: OpenPage
) -> None:
    stage.sources["recco"] = late(recommendations())
    page = opened(open_page, url, "", **SCRIPT, **NO_SCRIPT)
    went(page, f"{url}/")
    assert page.get_by_text("Our recommendations are on their way.").is_visible()
    page.get_by_role("link", name="further down").click()
    assert page.get_by_role("heading", name="Much read just now").is_visible()
    above, below = (page.locator(one).bounding_box() for one in ("#late-recommendations", "footer"))
    assert above
    assert below
    assert above["y"] < below["y"]


@MODES
@BY_DAY_AND_NIGHT
def test_a_page_that_came_bit_by_bit_is_accessible(
    stage: Stage, url: str, open_page: OpenPage, mode: dict[str, Any], scheme: str, width: int
) -> None:
    stage.sources |= CASES["all late"]
    size = {"width": width, "height": 900}
    page = opened(open_page, url, "", **mode, color_scheme=scheme, viewport=size)
    went(page, f"{url}/")
    accessible(page, width)


@BY_DAY_AND_NIGHT
def test_a_page_is_accessible_while_it_comes(
    stage: Stage, url: str, open_page: OpenPage, scheme: str, width: int
) -> None:
    """What is on its way is said in words, and nothing of it is in the way."""
    stage.sources |= dict.fromkeys(
        ["promo", "recco", "arrivals"], FakeSource(delay_seconds=FOREVER)
    )
    with httpx.stream("GET", url, headers={"Accept": "text/html"}, trust_env=False) as answer:
        head = next(answer.iter_text())
    size = {"width": width, "height": 900}
    page = opened(open_page, url, "", color_scheme=scheme, viewport=size)
    stands_still(page, head)
    assert page.locator("[aria-busy=true]").count() == 3
    accessible(page, width)


@BY_DAY_AND_NIGHT
def test_a_page_with_late_parts_further_down_is_accessible(
    stage: Stage, url: str, open_page: OpenPage, scheme: str, width: int
) -> None:
    stage.sources |= CASES["all late"]
    size = {"width": width, "height": 900}
    mute = opened(open_page, url, "", **SCRIPT, **NO_SCRIPT)
    went(mute, f"{url}/")
    page = opened(open_page, url, "", color_scheme=scheme, viewport=size)
    stands_still(page, mute.content())
    assert page.locator(".late").count() == 3
    accessible(page, width)


def stands_still(page: Page, html: str) -> None:
    """Show ``html``, in which no script of its own does anything."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    answer = {"body": html, "content_type": "text/html", "headers": headers}
    page.route("http://still.test/", lambda route: route.fulfill(**answer))
    went(page, "http://still.test/")


def accessible(page: Page, width: int) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@MODES
def test_no_value_gets_out_of_a_late_part(
    stage: Stage, url: str, open_page: OpenPage, mode: dict[str, Any]
) -> None:
    evil = (
        '</template></section></script><script>window.taken=1</script><?end name="offers">-->"\'<b>'
    )
    said = promotions(banner(1, headline=evil, body=evil), banner(2, headline=evil))
    stage.sources["promo"] = late(said)
    page = opened(open_page, url, "", **mode)
    went(page, f"{url}/?buffered")
    expected = page.evaluate(DOCUMENT)
    went(page, f"{url}/")
    assert page.evaluate(DOCUMENT) == expected
    assert page.evaluate("window.taken") is None
    assert page.locator(".slide h3").first.text_content() == evil
