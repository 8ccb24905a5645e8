"""Gift wrapping in a browser: live, after a reload, and without a script."""

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.live import Shop

STEPS = 5
DONE = STEPS + 1


def move(shop: Shop, page: Page, stage: int) -> None:
    """Take the job of a page to ``stage``, as a worker would."""
    job = page.url.rstrip("/").rpartition("/")[2]
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        finished = ", finished_at = now()" if stage == DONE else ""
        connection.execute(
            f"UPDATE giftwrap_job SET stage = %s, due_at = now() {finished} WHERE id = %s",  # noqa: S608
            (stage, job),
        )


@pytest.mark.parametrize("width", [1280, 390])
def test_progress_is_shown_live_and_after_a_reload(
    shop: Shop, open_page: OpenPage, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{shop.url}/giftwrap/?items=Emma,<b>Persuasion</b>,a bookmark&ribbon=gold")
    assert page.url != f"{shop.url}/giftwrap/"
    assert page.get_by_role("heading", level=1).inner_text() == (
        "Wrapping Emma, <b>Persuasion</b>, and a bookmark"
    )
    move(shop, page, 4)
    expect(page.get_by_role("status")).to_have_text("Tying the gold ribbon: step 4 of 5.")
    at = page.url
    page.reload()
    assert page.url == at
    expect(page.locator("[aria-current=step]")).to_have_text("Tying the gold ribbon")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    move(shop, page, DONE)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Wrapped Emma, <b>Persuasion</b>, and a bookmark"
    )
    expect(page.locator(".step.is-done")).to_have_count(STEPS)
    assert said == []


def test_without_a_script_a_reload_tells(shop: Shop, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{shop.url}/giftwrap/?items=Middlemarch")
    page.get_by_role("link", name="Look now").click()
    move(shop, page, 3)
    page.get_by_role("link", name="Look now").click()
    assert "Folding the corners" in page.get_by_role("status").inner_text()
    move(shop, page, DONE)
    page.get_by_role("link", name="The address of this parcel").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Wrapped Middlemarch"


def test_an_unknown_ribbon_is_said_in_words(shop: Shop, open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 900})
    answer = page.goto(f"{shop.url}/giftwrap/?items=a&ribbon=tartan")
    assert answer is not None
    assert answer.status == 400
    assert "There is no such ribbon" in page.get_by_role("main").inner_text()
    assert Axe().run(page).violations_count == 0
