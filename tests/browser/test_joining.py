"""Joining in a browser: both steps, the mail, and the way in, without a script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.integration.members.joining import PASSWORD, address, link_in
from tests.integration.members.outside import joinable, mail, smtp, working
from tests.live import Server, Shop
from tests.standins.running import Standins, standins

__all__ = ["standins"]


@pytest.fixture(scope="module")
def gateway(shop: Shop, standins: Standins) -> Iterator[Server]:
    """A gateway and a worker that know the stand-ins."""
    with joinable(shop, standins) as gateway, working(shop, smtp(standins)):
        yield gateway


def is_sound(page: Page, width: int) -> None:
    """Judge a page by day, and on a wide screen by night as well."""
    for scheme in ("light", "dark") if width > 1000 else ("light",):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url}, {scheme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "pictured"), [(1280, True), (390, False)])
def test_every_step_is_accessible_and_asks_nobody_else(
    gateway: Server, standins: Standins, open_page: OpenPage, width: int, pictured: bool
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    asked: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: asked.add(request.url.partition("/join")[0]))
    page.on("console", lambda said: complaints.append(said.text))
    email = address(f"browser{width}x", pictured=pictured)
    page.goto(f"{gateway.url}/")
    page.get_by_role("link", name="Join").click()
    is_sound(page, width)
    page.get_by_label("E-mail address").fill("nobody")
    page.get_by_role("button", name="Go on").click()
    is_sound(page, width)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Go on").click()
    assert page.get_by_role("img", name="The picture").count() == pictured
    is_sound(page, width)
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("A password").fill("grace")
    page.get_by_role("button", name="Join").click()
    assert "too short" in page.get_by_role("main").inner_text()
    is_sound(page, width)
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    assert email in page.get_by_role("status").inner_text()
    is_sound(page, width)
    page.goto(gateway.url + link_in(mail(standins, email)))
    is_sound(page, width)
    page.get_by_label("The password that you chose").fill(PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    assert "Grace" in page.get_by_role("heading", level=1).inner_text()
    assert complaints == []
    assert all(url.startswith(gateway.url) for url in asked)


def test_joining_works_without_a_script(
    gateway: Server, standins: Standins, open_page: OpenPage
) -> None:
    page = open_page(java_script_enabled=False)
    email = address("scriptless")
    page.goto(f"{gateway.url}/join/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.goto(gateway.url + link_in(mail(standins, email)))
    page.get_by_label("The password that you chose").fill(PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    assert "Grace" in page.get_by_role("heading", level=1).inner_text()
