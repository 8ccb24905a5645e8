"""A real browser. Without one on the PATH its tests are skipped; in CI they fail."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


# One for each module: while Playwright runs, its event loop stands in the way of others.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that the machine has."""
    program = shutil.which("chromium")
    if program is None:
        said = "These tests need a browser: install the package chromium."
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Return a function that opens an empty page: its arguments are a browser context's."""
    contexts = []

    def opened(**context: Any) -> Page:
        contexts.append(chromium.new_context(**context))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()
