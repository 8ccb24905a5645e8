"""How a page was made, in a browser: for everybody, on every width, and without a script."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.live import Server, Shop

EMAIL = "day-shift@example.com"
PASSWORD = "a-password-of-the-day-shift"
PAGES = ["/", "/books/", "/authors/", "/tour/"]


@pytest.fixture(scope="module")
def staffed(shop: Shop) -> Iterator[Server]:
    """A gateway that keeps no reply, and one of the staff."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=EMAIL,
        DJANGO_SUPERUSER_NAME="Day shift",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    with shop.another_gateway(PROMO_FRESH_SECONDS="0", RECCO_FRESH_SECONDS="0") as gateway:
        yield gateway


def come_in(page: Page, gateway: Server) -> None:
    """Sign in as one of the staff."""
    page.goto(f"{gateway.url}/signin/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_panel_is_accessible_open_and_closed_and_never_scrolls_sideways(
    staffed: Server, open_page: OpenPage, scheme: Any, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    come_in(page, staffed)
    for path in PAGES:
        page.goto(staffed.url + path)
        for _ in range(2):
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"
            page.locator(".insight summary").click()
        page.locator(".insight summary").click()
        assert page.locator(".insight table").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_the_panel_opens_without_a_script_and_by_keyboard(
    staffed: Server, open_page: OpenPage
) -> None:
    page = open_page(java_script_enabled=False)
    come_in(page, staffed)
    page.locator(".insight summary").focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="How this page was made")
    assert panel.get_by_role("rowheader", name="promo").is_visible()
    assert panel.get_by_role("columnheader", name="took, ms").is_visible()
