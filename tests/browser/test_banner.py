"""The banners take turns without a script, and stand still for whoever wants them to.

The pages are rendered here, from banners made by hand: what the services say depends on the day.
"""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route

from gateway.storefront.presenters import MOST_TURNING, present_home
from gateway.web.protection import CONTENT_SECURITY_POLICY
from tests.browser.conftest import OpenPage
from tests.unit.storefront.pages import FAILED, banner, home, promotions

ADDRESS = "http://banner.test/"
WITHOUT_SCRIPT = {"java_script_enabled": False}


def shows(page: Page, html: str) -> Page:
    """Go to a site that has this page and our static files, under our security policy."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        found = finders.find(path.removeprefix("static/")) if path.startswith("static/") else None
        if found:
            route.fulfill(path=Path(str(found)), headers=headers)
        else:
            route.fulfill(body=html, content_type="text/html", headers=headers)

    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    return page


def page_with(banners: int) -> str:
    """The home page with so many banners."""
    said = promotions(*(banner(n) for n in range(1, banners + 1)))
    return render_to_string("storefront/home.html", present_home(home(promo=said)))


def visible(page: Page) -> list[str]:
    """The headlines that can be seen."""
    return [one.inner_text() for one in page.locator(".slide h3").all() if one.is_visible()]


def turn_to(page: Page, seconds: float) -> None:
    """Set all animations to ``seconds`` after the page's first moment, and stop them there."""
    page.evaluate(
        """at => document.getAnimations().forEach(one => {
             one.pause();
             one.currentTime = at * 1000;
           })""",
        seconds,
    )


def moving(page: Page) -> bool:
    """Whether anything takes turns."""
    return bool(page.evaluate("document.getAnimations().some(one => one.playState === 'running')"))


@pytest.mark.parametrize("banners", range(2, MOST_TURNING + 1))
def test_each_banner_has_its_turn_alone(open_page: OpenPage, banners: int) -> None:
    page = shows(open_page(), page_with(banners))
    for number in range(1, banners + 1):
        turn_to(page, 8 * number - 4)
        assert visible(page) == [f"Headline {number}"]
    turn_to(page, 8 * banners + 4)
    assert visible(page) == ["Headline 1"]


def test_the_first_banner_is_there_at_once(open_page: OpenPage) -> None:
    page = shows(open_page(), page_with(3))
    assert visible(page) == ["Headline 1"]
    opacity = page.locator(".slide").first.evaluate("one => getComputedStyle(one).opacity")
    assert float(opacity) == 1


def test_pause_works_from_the_keyboard(open_page: OpenPage) -> None:
    page = shows(open_page(**WITHOUT_SCRIPT), page_with(3))
    assert moving(page)
    pause = page.get_by_role("checkbox", name="Pause")
    pause.focus()
    page.keyboard.press("Space")
    page.locator("h1").click()
    assert pause.is_checked()
    assert not moving(page)
    pause.focus()
    page.keyboard.press("Space")
    pause.blur()
    assert moving(page)


def test_every_banner_can_be_chosen_from_the_keyboard_and_stays(open_page: OpenPage) -> None:
    page = shows(open_page(**WITHOUT_SCRIPT), page_with(4))
    page.get_by_role("radio", name="Take turns").focus()
    for number in range(1, 5):
        page.keyboard.press("ArrowRight")
        assert visible(page) == [f"Headline {number}"]
        assert not moving(page)


def test_nothing_moves_while_somebody_reads_or_points(open_page: OpenPage) -> None:
    page = shows(open_page(**WITHOUT_SCRIPT), page_with(2))
    page.locator(".slides").hover()
    assert not moving(page)
    page.locator("h1").hover()
    assert moving(page)
    page.get_by_role("link", name="See the books").first.focus()
    assert not moving(page)


def test_a_banner_that_is_not_shown_cannot_be_tabbed_to(open_page: OpenPage) -> None:
    page = shows(open_page(), page_with(3))
    turn_to(page, 4)
    assert page.get_by_role("link", name="See the books").count() == 1


def test_whoever_wants_no_motion_gets_all_banners_at_once(open_page: OpenPage) -> None:
    page = shows(open_page(reduced_motion="reduce"), page_with(3))
    assert visible(page) == ["Headline 1", "Headline 2", "Headline 3"]
    assert not moving(page)
    assert not page.get_by_role("checkbox").is_visible()


def test_one_banner_stands_still(open_page: OpenPage) -> None:
    page = shows(open_page(), page_with(1))
    assert visible(page) == ["Headline 1"]
    assert not moving(page)
    assert page.get_by_role("checkbox").count() == 0


def test_the_page_does_not_jump_when_banners_turn(open_page: OpenPage) -> None:
    page = shows(open_page(), page_with(3))
    places = [str(slide.bounding_box()) for slide in page.locator(".slide").all()]
    assert len(places) == 3
    assert len(set(places)) == 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_page_is_accessible_with_any_banners_and_with_nothing(
    open_page: OpenPage, scheme: str, width: int
) -> None:
    nothing = home(promo=FAILED, recco=FAILED, membership=FAILED, arrivals=FAILED)
    broken = render_to_string("storefront/home.html", {**present_home(nothing), "signed_in": False})
    for html in (page_with(0), page_with(8), broken):
        page = shows(open_page(viewport={"width": width, "height": 900}, color_scheme=scheme), html)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
