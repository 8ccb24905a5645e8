"""Manuscripts in a browser: sent with a script and without, cut, and gone on with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.live import Server, Shop

PARAGRAPH = b"It was a dark and stormy night; the rain fell in torrents.\n"
PART_BYTES = 4_194_304


@pytest.fixture(scope="module")
def gateway(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A gateway with a folder of its own for uploads."""
    root = tmp_path_factory.mktemp("uploads")
    with shop.another_gateway(UPLOADS_ROOT=str(root)) as gateway:
        yield gateway


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    """A novel of three parts, 10 MB."""
    path = tmp_path / "A dark night.txt"
    path.write_bytes(PARAGRAPH * (10_000_000 // len(PARAGRAPH)))
    return path


def choose(page: Page, gateway: Server, path: Path) -> None:
    """Go to the page, choose a file and send it."""
    page.goto(f"{gateway.url}/manuscripts/")
    page.get_by_label("Your manuscript").set_input_files(path)
    page.get_by_role("button", name="Send it").click()


def arrived(page: Page, name: str) -> None:
    """Expect to see a manuscript listed."""
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible(timeout=15_000)


def judged(page: Page, width: int) -> None:
    """Expect a page that everybody can use, on this width."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


class Line:
    """Lets requests for parts through until it is cut."""

    def __init__(self, page: Page) -> None:
        self.parts = 0
        self.is_cut_after = 1_000
        page.route("**/manuscripts/uploads/*", self._pass)

    def _pass(self, route: Route) -> None:
        if route.request.method == "PATCH":
            self.parts += 1
            if self.parts > self.is_cut_after:
                route.abort()
                return
        route.continue_()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_upload_is_paused_gone_on_with_after_a_reload_and_accessible_all_the_while(
    gateway: Server, open_page: OpenPage, novel: Path, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda asked: asked.url.startswith(gateway.url) or complaints.append(asked.url)
    )
    line = Line(page)
    line.is_cut_after = 1
    choose(page, gateway, novel)
    expect(page.get_by_role("status")).to_have_text("The line broke. Trying again …")
    bar = page.get_by_role("progressbar", name=novel.name)
    expect(bar).to_have_js_property("value", 100 * PART_BYTES // novel.stat().st_size)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_have_text("Paused.")
    judged(page, width)
    # The browser itself complains of the line that we cut.
    complaints[:] = [said for said in complaints if "net::ERR_FAILED" not in said]

    line.is_cut_after = 1_000
    page.reload()
    expect(page.get_by_text("4.0 MB of 9.5 MB are here")).to_be_visible()
    before = line.parts
    page.get_by_label("Your manuscript").set_input_files(novel)
    page.get_by_role("button", name="Send it").click()
    arrived(page, novel.name)
    assert line.parts - before == 2
    expect(page.get_by_role("status")).to_have_text(f"“{novel.name}” has arrived.")
    judged(page, width)
    with page.expect_download() as downloading:
        page.get_by_role("link", name=novel.name).click()
    assert downloading.value.suggested_filename == novel.name
    assert Path(downloading.value.path()).read_bytes() == novel.read_bytes()
    page.get_by_role("button", name=f"Delete {novel.name}").click()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    assert complaints == []


def test_an_upload_that_is_cancelled_leaves_nothing(
    gateway: Server, open_page: OpenPage, novel: Path
) -> None:
    page = open_page()
    Line(page).is_cut_after = 1
    choose(page, gateway, novel)
    expect(page.get_by_role("status")).to_have_text("The line broke. Trying again …")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Cancelled. Nothing of it is kept.")
    page.reload()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    expect(page.get_by_text("On its way")).to_have_count(0)


def test_what_is_no_manuscript_is_said_to_be_none(
    gateway: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    path = tmp_path / "novel.pdf"
    path.write_bytes(b"\x7fELF" + b"\0" * 5_000)
    page = open_page()
    choose(page, gateway, path)
    expect(page.get_by_role("status")).to_contain_text("what is in it is something else")


def test_without_a_script_a_form_does_it(
    gateway: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    good, bad = tmp_path / "Brief.rtf", tmp_path / "Brief.docx"
    good.write_bytes(b"{\\rtf1 Short.}")
    bad.write_bytes(b"not a document")
    page = open_page(java_script_enabled=False, viewport={"width": 390, "height": 900})
    choose(page, gateway, good)
    arrived(page, good.name)
    expect(page.get_by_role("status")).to_have_text(["“Brief.rtf” has arrived.", ""])
    choose(page, gateway, bad)
    expect(page.get_by_role("alert")).to_contain_text("what is in it is something else")
    page.get_by_role("button", name="Delete Brief.rtf").click()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
