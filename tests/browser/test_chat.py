"""The chat in a browser: on two replicas, on a phone, and when the server goes away."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.live import Server, Shop

EMAIL = "reading-room@example.com"
PASSWORD = "a-password-of-the-reading-room"
XSS = '<img src=x onerror="document.title=1"><script>document.title=2</script> "\'&amp; {{ 7*7 }}'
PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def replica(shop: Shop) -> Iterator[Server]:
    """Another gateway of the shop."""
    with shop.another_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def staffed(shop: Shop) -> Shop:
    """The shop, with somebody who looks after the rooms."""
    shop.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL=EMAIL,
        DJANGO_SUPERUSER_NAME="Reading room",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    return shop


def quiet(page: Page) -> list[str]:
    """What is written to the page's console, and what it asks elsewhere."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def enter(page: Page, url: str, room: str = "first-lines") -> None:
    """Go into a room, and wait until it is live."""
    for _ in range(5):
        answer = page.goto(f"{url}/chat/{room}/")
        if answer and answer.status == 200:  # its first page may be too slow where much is going on
            break
    expect(page.get_by_text("Connected.")).to_be_visible(timeout=PATIENCE_MS)


def say(page: Page, text: str) -> None:
    """Type and send."""
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def lines(page: Page) -> Any:
    return page.get_by_role("log", name="Messages").locator("li")


@pytest.mark.parametrize("width", [1280, 390])
def test_two_visitors_talk_on_two_replicas(
    shop: Shop, replica: Server, open_page: OpenPage, width: int
) -> None:
    size = {"width": width, "height": 900}
    ada, ben = open_page(viewport=size), open_page(viewport=size)
    noise = quiet(ada) + quiet(ben)
    enter(ada, shop.url)
    enter(ben, replica.url)
    before = lines(ben).count()
    say(ada, XSS)
    say(ada, "مرحبا, 你好, שלום, नमस्ते 👩‍👩‍👧")
    say(ben, "two\nlines " + "and-a-very-long-word" * 20)
    for page in (ada, ben):
        expect(lines(page)).to_have_count(before + 3, timeout=PATIENCE_MS)
        expect(lines(page).nth(before).locator(".chat-text")).to_have_text(XSS)
        expect(page.get_by_label("Not sent yet").locator("li")).to_have_count(0)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert "First lines" in page.title()
    ben.reload()
    expect(lines(ben).nth(before).locator(".chat-text")).to_have_text(XSS)
    assert noise == []


def test_the_list_of_rooms_is_accessible(shop: Shop, open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 900})
    page.goto(f"{shop.url}/chat/")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert Axe().run(page).violations_count == 0
    page.get_by_role("link", name="Lost and found").click()
    expect(page.get_by_role("heading", name="Lost and found")).to_be_visible()


def test_without_a_script_a_room_can_be_read_and_says_what_is_missing(
    shop: Shop, open_page: OpenPage
) -> None:
    writer = open_page()
    enter(writer, shop.url, "lost-and-found")
    say(writer, "read me")
    expect(lines(writer).last).to_contain_text("read me")
    page = open_page(java_script_enabled=False)
    page.goto(f"{shop.url}/chat/lost-and-found/")
    assert "read me" in page.get_by_role("log").inner_text()
    expect(page.get_by_text("To say something needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_hidden()


def test_what_is_typed_while_the_server_is_gone_is_sent_when_it_is_back(
    shop: Shop, open_page: OpenPage
) -> None:
    with shop.another_gateway(DRAIN_SECONDS="3") as gateway:
        page, other = open_page(), open_page()
        enter(page, gateway.url, "front-table")
        enter(other, shop.url, "front-table")
        gateway.stop()
        expect(page.get_by_role("status")).to_have_text("Connecting again …", timeout=PATIENCE_MS)
        say(page, "typed in the dark")
        say(other, "said meanwhile")
        expect(page.get_by_label("Not sent yet")).to_contain_text("typed in the dark")
        gateway.start()
        for each in (page, other):
            expect(lines(each).filter(has_text="typed in the dark")).to_have_count(
                1, timeout=PATIENCE_MS
            )
            expect(lines(each).filter(has_text="said meanwhile")).to_have_count(1)
        expect(page.get_by_label("Not sent yet").locator("li")).to_have_count(0)


def test_staff_remove_a_message_from_everybodys_page(
    staffed: Shop, replica: Server, open_page: OpenPage
) -> None:
    staff, visitor = open_page(), open_page(viewport={"width": 390, "height": 800})
    noise = quiet(staff)
    staff.goto(f"{staffed.url}/signin/?next=/chat/lost-and-found/")
    staff.get_by_label("E-mail address").fill(EMAIL)
    staff.get_by_label("Password").fill(PASSWORD)
    staff.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(staff.get_by_text("You are Reading room.")).to_be_visible(timeout=PATIENCE_MS)
    enter(visitor, replica.url, "lost-and-found")
    assert visitor.get_by_role("button", name="Remove").count() == 0
    say(visitor, "buy my pills")
    line = lines(staff).filter(has_text="buy my pills")
    expect(lines(visitor).filter(has_text="buy my pills")).to_have_count(1)
    found = Axe().run(staff)
    assert found.violations_count == 0, found.generate_report()
    line.get_by_role("button", name="Remove").click()
    for page in (staff, visitor):
        expect(lines(page).filter(has_text="buy my pills")).to_have_count(0, timeout=PATIENCE_MS)
    assert "/chat/lost-and-found/" in staff.url
    assert noise == []
