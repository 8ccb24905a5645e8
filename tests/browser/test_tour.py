"""The tour and the three strategies in a browser: by day and night, on a desk and on a phone."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.live import Server
from tests.standins.running import Standins, standins

__all__ = ["standins"]

CITIES = ["Dublin", "Lisbon", "Paris", "Vienna", "Copenhagen"]
WIDTHS = pytest.mark.parametrize("width", [1280, 390])


@pytest.fixture(scope="module")
def gateway(shop: Any, standins: Standins) -> Iterator[Server]:
    """A gateway of the shop on which the weather is made up and everybody may compare."""
    told = {"WEATHER_SERVICE_URL": standins.url, "STANDINS": "weather", "COMPARE_PUBLIC": "true"}
    # What others have kept of the weather is that of the world outside: there is none.
    told |= {"WEATHER_FRESH_SECONDS": "0"}
    with shop.another_gateway(**told) as ours:
        yield ours


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has complained of, or asked of others."""
    return []


def watched(page: Page, url: str, complaints: list[str]) -> Page:
    """Note what a page should not do."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None
            if urlsplit(asked.url).netloc == urlsplit(url).netloc
            else complaints.append(asked.url)
        ),
    )
    return page


def accessible_by_day_and_by_night(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


@WIDTHS
def test_the_tour_is_there_for_everybody(
    gateway: Server, open_page: OpenPage, complaints: list[str], width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, java_script_enabled=True)
    watched(page, gateway.url, complaints).goto(f"{gateway.url}/tour/")
    assert page.locator(".stop h2").all_inner_texts() == CITIES
    assert page.locator(".stop-weather").count() == 5
    assert page.locator(".mark").count() == 5
    assert page.get_by_role("img", name="The way of the tour: Dublin, Lisbon").is_visible()
    assert page.get_by_text("This weather is made up").is_visible()
    accessible_by_day_and_by_night(page)
    assert complaints == []


def test_no_label_of_the_map_lies_on_another_or_on_a_mark(
    gateway: Server, open_page: OpenPage
) -> None:
    """As the browser draws them, with the letters that it has."""
    page = open_page(viewport={"width": 390, "height": 900})
    page.goto(f"{gateway.url}/tour/")
    boxes = [found.bounding_box() for found in page.locator(".place, .mark circle").all()]
    assert len(boxes) == 10
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            assert one
            assert other
            across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(
                one["x"], other["x"]
            )
            down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(
                one["y"], other["y"]
            )
            assert across <= 1 or down <= 1


def test_neither_page_scrolls_sideways(gateway: Server, open_page: OpenPage) -> None:
    page = open_page()
    for path in ("/tour/", "/compare/"):
        page.goto(gateway.url + path)
        for width in (320, 390, 600, 768, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            scrolled = page.evaluate("document.documentElement.scrollWidth")
            assert scrolled <= width, f"{path} at {width} pixels"


def test_the_menu_leads_to_the_tour(gateway: Server, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{gateway.url}/books/")
    page.get_by_role("link", name="Tour").click()
    assert page.get_by_role("heading", level=1).inner_text() == "On tour"
    assert page.get_by_role("link", name="Tour").get_attribute("aria-current") == "page"


def test_three_waterfalls_are_drawn_one_after_another(
    gateway: Server, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(viewport={"width": 1280, "height": 900})
    watched(page, gateway.url, complaints).goto(f"{gateway.url}/compare/")
    assert page.get_by_text("Nobody has run it").is_visible()
    page.get_by_label("each 100 ms slower").check()
    page.get_by_role("button", name="Run all three").click()
    page.get_by_role("heading", name="All at once").wait_for()
    blocking, awaited, at_once = (
        page.locator(f".run-{key} .bar") for key in ("blocking", "awaited", "at-once")
    )
    for steps in (blocking, awaited):
        starts = [bar.bounding_box()["x"] for bar in steps.all()]  # type: ignore[index]
        assert starts == sorted(starts)
        assert starts[-1] > starts[0] + 200
    assert len({round(bar.bounding_box()["x"]) for bar in at_once.all()}) == 1  # type: ignore[index]
    totals = [float(found) for found in page.locator(".run-total strong").all_inner_texts()]
    assert totals[2] < totals[0]
    assert totals[2] < totals[1]
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        accessible_by_day_and_by_night(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
