"""The staff's page in a browser: for everybody, on every width, and without a script."""

from collections.abc import Iterator

import pytest
import redis
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gateway.sources.switches import PURGES
from tests.browser.conftest import OpenPage
from tests.live import Shop
from tests.switchboard import switchboard

EMAIL = "night-shift@example.com"
PASSWORD = "a-password-of-the-night-shift"


@pytest.fixture(scope="module")
def staffed(shop: Shop) -> Iterator[Shop]:
    """The shop, with one more of the staff; nothing stays switched."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=EMAIL,
        DJANGO_SUPERUSER_NAME="Night shift",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    yield shop
    with redis.Redis.from_url(shop.environment["REDIS_URL"]) as client:
        client.delete(PURGES)
    with switchboard(shop.environment["DATABASE_URL"]):
        pass  # to leave it, or to come in, is to clear it


def come_in(page: Page, shop: Shop) -> None:
    """Go to the staff's page by way of the sign-in page that it leads to."""
    page.goto(f"{shop.url}/ops/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    assert page.url == f"{shop.url}/ops/"


def send_fault(page: Page, percent: str) -> None:
    """Open the form of the promotions and send it with so many calls failing."""
    page.locator("summary", has_text="promo").click()
    form = page.locator("details", has=page.locator("summary", has_text="promo"))
    form.get_by_label("Calls that fail, in %").fill(percent)
    form.get_by_role("button", name="Switch on for promo").click()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_staffs_page_is_accessible_with_faults_and_mistakes(
    staffed: Shop, open_page: OpenPage, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    come_in(page, staffed)
    for percent, said in (("5", "begins in all gateways"), ("500", "must be a number from 0 to")):
        send_fault(page, percent)
        assert said in page.get_by_role("main").inner_text()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_staffs_page_works_without_a_script(staffed: Shop, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    come_in(page, staffed)
    send_fault(page, "5")
    page.get_by_role("button", name="Purge promo").click()
    assert page.get_by_role("status").inner_text() == "All gateways ask promo anew within 1 s."
    page.get_by_role("button", name="Switch off the fault of promo").click()
    assert page.get_by_role("button", name="Switch off").count() == 0
