"""The staff's page in a browser: for everybody, on every width, and without a script."""

from collections.abc import Iterator

import httpx
import pytest
import redis
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gateway.sources.inforce import Kind
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


def come_in(page: Page, shop: Shop, url: str = "") -> None:
    """Go to the staff's page by way of the sign-in page that it leads to."""
    url = url or shop.url
    page.goto(f"{url}/ops/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    assert page.url == f"{url}/ops/"


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
    assert page.get_by_text("All gateways ask promo anew within 1 s.").is_visible()
    page.get_by_role("button", name="Switch off the fault of promo").click()
    assert page.get_by_role("button", name="Switch off").count() == 0


def ticked(page: Page, words: str, part: str = "#part-wrong") -> None:
    """Let the page's own clock run until the words stand there."""
    for _ in range(20):
        with page.expect_response(lambda answer: "/ops/live/" in answer.url):
            page.clock.run_for(3_100)
        if words in page.locator(part).inner_text():
            return
    raise AssertionError(page.locator(part).inner_text())


def test_the_page_updates_itself_and_leaves_whoever_works_in_it_alone(
    staffed: Shop, open_page: OpenPage
) -> None:
    page = open_page()
    page.clock.install()
    come_in(page, staffed)
    page.evaluate("window.sameDocument = true")
    page.locator("#form-promo summary").click()
    field = page.locator("#form-promo").get_by_label("Delay, in ms")
    field.fill("1234")
    with switchboard(staffed.environment["DATABASE_URL"]) as board:
        board.put(Kind.OFF, "recco")
        ticked(page, "recco: switched off by a test")
        assert page.locator("#ops-news").inner_text() == "recco: switched off by a test"
        assert page.locator("#form-promo").get_attribute("open") is not None
        assert field.input_value() == "1234"
        assert page.evaluate("document.activeElement.id") == field.get_attribute("id")
        page.get_by_role("button", name="Purge promo").focus()
        board.put(Kind.OFF, "arrivals")
        ticked(page, "arrivals: switched off by a test")
        assert page.evaluate("document.activeElement.id") == "purge-promo"
        assert page.locator("#ops-said").inner_text() == "Updates itself every 3 s."
    assert page.evaluate("window.sameDocument")


def test_details_that_are_open_stay_open_and_new_figures_come(
    staffed: Shop, open_page: OpenPage
) -> None:
    told = {"PROMO_SERVICE_URL": "http://127.0.0.1:1", "PROMO_FRESH_SECONDS": "0"}
    with staffed.another_gateway(**told) as gateway:
        page = open_page()
        page.clock.install()
        page.goto(f"{gateway.url}/")
        come_in(page, staffed, gateway.url)
        page.locator("#errors-promo summary").click()
        before = page.locator("#part-clock").inner_text()
        httpx.get(f"{gateway.url}/", trust_env=False)
        ticked(page, "promo: refused")
        assert page.locator("#part-clock").inner_text() != before
        assert page.locator("#errors-promo").get_attribute("open") is not None
        gateway.stop()
        for _ in range(12):
            page.clock.run_for(13_000)
            page.wait_for_timeout(50)
            if "has stopped asking" in page.locator("#ops-said").inner_text():
                break
        assert "has stopped asking" in page.locator("#ops-said").inner_text()


def test_it_stops_with_a_sentence_when_the_session_ends(staffed: Shop, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    come_in(page, staffed)
    page.context.clear_cookies()
    with page.expect_response(lambda answer: "/ops/live/" in answer.url):
        page.clock.run_for(3_100)
    page.get_by_text("Your session has ended").first.wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_a_page_that_nobody_looks_at_asks_nothing(staffed: Shop, open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    come_in(page, staffed)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_reasons_are_accessible(staffed: Shop, open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    come_in(page, staffed)
    page.get_by_role("link", name="Reasons").click()
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
