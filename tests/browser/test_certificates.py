"""Gift certificates in a browser: from the form to the PDF."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import OpenPage
from tests.live import Shop


@pytest.mark.parametrize("width", [1280, 390])
def test_a_certificate_is_made_out_shown_and_downloaded(
    shop: Shop, open_page: OpenPage, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if "422" not in line.text else None)
    page.goto(f"{shop.url}/certificates/")
    page.get_by_label("Who is it for?").fill("x" * 10_240)
    page.get_by_label("How much, in euros?").fill("3")
    page.get_by_role("button", name="Make it out").click()
    words = page.get_by_role("main").inner_text()
    assert "The name has 10,240 characters; the card has room for 80." in words
    assert "between €5.00 and €1,000.00" in words
    assert_accessible(page, width)
    page.get_by_label("Who is it for?").fill("<b>Zoë</b> محمد 王小明 🎁")
    page.get_by_label("How much, in euros?").fill("25,50")
    page.get_by_label("A message (optional)").fill("Happy birthday!\nनमस्ते")
    page.get_by_role("button", name="Make it out").click()
    assert "<b>Zoë</b> محمد 王小明 🎁" in page.get_by_role("heading", level=1).inner_text()
    picture = page.get_by_role("img", name="The certificate as it is printed")
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 1000
    assert_accessible(page, width)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    assert download.value.suggested_filename.endswith(".pdf")
    assert said == []


def assert_accessible(page: object, width: int) -> None:
    """By day and by night, and never wider than the screen."""
    from playwright.sync_api import Page

    assert isinstance(page, Page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
