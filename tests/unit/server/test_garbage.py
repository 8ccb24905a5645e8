"""The garbage collector: what is there at the start is put aside, and pages leave nothing to it."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.server.garbage import THRESHOLDS, put_aside
from gateway.web.handler import Handler
from tests.unit.web.asking import Visit


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leaves the collector as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("as_before")
def test_what_is_here_at_the_start_is_never_looked_through_again() -> None:
    put_aside()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == THRESHOLDS


@pytest.fixture
def left_behind() -> Iterator[list[Any]]:
    """What only the collector could find, from here until ``gc.collect()``."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


async def test_a_page_leaves_nothing_to_the_collector(
    settings: Any, left_behind: list[Any]
) -> None:
    settings.ROOT_URLCONF = "tests.unit.web.views"
    handler = Handler()
    await Visit(handler, "/native").asked()
    gc.collect()
    left_behind.clear()  # of what is done once
    for _ in range(3):
        await Visit(handler, "/native").asked()
    gc.collect()
    requests = [each for each in left_behind if type(each).__name__ == "ASGIRequest"]
    assert requests == []
