"""The running shop in a browser: for everybody, on every width, and with nothing from elsewhere."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import Page

from deploy.local.process import REPOSITORY
from gateway.server import refusal
from gateway.web.protection import CONTENT_SECURITY_POLICY
from tests.browser.conftest import OpenPage
from tests.live import DEMO_EMAIL, DEMO_PASSWORD

EDGE = REPOSITORY / "deploy" / "nginx"
EDGE_PAGES = sorted(file.stem for file in (EDGE / "pages").glob("*.html"))
SORRY = ["400.html", "403.html", "500.html", "503.html"]
PAGES = ["/", "/books/", "/books/?tag=gothic", "/authors/", "/signin/", "/nothing-lives-here/"]


def sign_in(page: Page, url: str) -> None:
    """Sign the demo member in, and come back to the home page."""
    page.goto(f"{url}/signin/")
    page.get_by_label("E-mail address").fill(DEMO_EMAIL)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_page_is_accessible_by_day_and_by_night(
    shop: Any, open_page: OpenPage, path: str, scheme: Any, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(shop.url + path)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_never_scrolls_sideways(shop: Any, open_page: OpenPage, path: str) -> None:
    page = open_page()
    page.goto(shop.url + path)
    for width in (320, 360, 390, 600, 768, 900, 1024, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} pixels"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nobody_else_and_complains_of_nothing(
    shop: Any, open_page: OpenPage, path: str
) -> None:
    page = open_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    answer = page.goto(shop.url + path)
    if answer and answer.status == 404:
        complaints = [said for said in complaints if "status of 404" not in said]
    assert complaints == []
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(shop.url).netloc}


def shown(page: Page, address: str, html: str, policy: str) -> list[str]:
    """Show ``html`` under an address, with its policy; return what the browser complains of."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    page.route(address, lambda route: route.fulfill(body=html, headers=headers))
    page.goto(address)
    return complaints


@pytest.mark.parametrize("name", EDGE_PAGES)
def test_a_page_of_the_edge_is_accessible_and_has_its_style(
    shop: Any, open_page: OpenPage, name: str
) -> None:
    """Its one style sheet is allowed by its hash; were that another one, it would be left out."""
    [policy] = re.findall(r'Policy "(.*sha256.*)" always', (EDGE / "nginx.conf").read_text())
    html = (EDGE / "pages" / f"{name}.html").read_text(encoding="utf-8")
    page = open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    assert shown(page, f"{shop.url}/sorry", html, policy) == []
    line = page.locator("main").evaluate("one => getComputedStyle(one).borderLeftWidth")
    assert line == "4px"
    page.set_content(html)  # axe is a script, which the policy keeps out
    assert Axe().run(page).violations_count == 0


@pytest.mark.parametrize("name", SORRY)
def test_a_page_that_is_sorry_is_accessible(shop: Any, open_page: OpenPage, name: str) -> None:
    html = render_to_string(name, {"request_id": "0123456789abcdef"})
    page = open_page(viewport={"width": 390, "height": 800})
    assert shown(page, f"{shop.url}/sorry", html, CONTENT_SECURITY_POLICY) == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_what_the_server_refuses_itself_is_an_accessible_page(open_page: OpenPage) -> None:
    html = (refusal.PAGE % (b"Content Too Large", b"That is too much.")).decode()
    page = open_page()
    page.set_content(html)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_style_and_drawings_arrive(shop: Any, open_page: OpenPage) -> None:
    """A page without its style sheet would pass all tests above."""
    page = open_page()
    page.goto(f"{shop.url}/")
    page.wait_for_load_state("networkidle")
    assert page.locator("img.cover").count() >= 6
    assert page.locator(".cover").first.bounding_box()["width"] < 300  # type: ignore[index]
    page.locator("img.cover").last.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    widths = page.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert set(widths) == {200, 600}, "a cover or a poster, and none is broken"
    weight = page.locator("h1").evaluate("one => getComputedStyle(one).letterSpacing")
    assert weight != "normal"


def test_a_member_is_greeted_by_name_and_can_leave(shop: Any, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, shop.url)
    assert page.url == f"{shop.url}/"
    assert "Ada" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Sign out").click()
    assert page.url == f"{shop.url}/"
    assert "Ada" not in page.get_by_role("heading", level=1).inner_text()
    assert page.get_by_role("link", name="Sign in").is_visible()


def test_the_page_of_a_member_is_accessible(shop: Any, open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, shop.url)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_wrong_password_is_said_in_words(shop: Any, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{shop.url}/signin/")
    page.get_by_label("E-mail address").fill(DEMO_EMAIL)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").is_visible()
    assert Axe().run(page).violations_count == 0


def test_the_keyboard_reaches_the_page_past_its_head(shop: Any, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{shop.url}/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "main"


def test_lists_lead_on_and_back(shop: Any, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{shop.url}/books/")
    page.get_by_role("link", name="Next").click()
    assert page.url.endswith("?page=2")
    page.get_by_role("link", name="Previous").click()
    assert page.url.endswith("?page=1")
