"""Django's signals around a request reach whoever listens, from native views too."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started

from gateway.web.handler import Handler
from tests.unit.web import views
from tests.unit.web.asking import Visit

PATIENCE_SECONDS = 5.0


class Ear:
    """Notes what it hears: the signal, who sent it, and in which thread."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any, int]] = []

    def started(self, sender: Any, **kwargs: Any) -> None:
        self.heard.append(("started", sender, threading.get_ident()))

    def finished(self, sender: Any, **kwargs: Any) -> None:
        self.heard.append(("finished", sender, threading.get_ident()))

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Somebody who listens, as an app of somebody else's would."""
    ear = Ear()
    request_started.connect(ear.started)
    request_finished.connect(ear.finished)
    yield ear
    request_started.disconnect(ear.started)
    request_finished.disconnect(ear.finished)


@pytest.mark.parametrize("path", ["/native", "/streams", "/broken", "/sync", "/async"])
async def test_each_request_is_told_of_once_at_its_beginning_and_at_its_end(
    handler: Handler, ear: Ear, path: str
) -> None:
    await Visit(handler, path).asked()
    assert ear.names == ["started", "finished"]
    assert {sender for _, sender, _ in ear.heard} == {Handler}


async def test_a_receiver_may_block_for_it_never_runs_on_the_loop(
    handler: Handler, ear: Ear
) -> None:
    await Visit(handler, "/native").asked()
    assert len(ear.heard) == 2
    assert threading.get_ident() not in {thread for _, _, thread in ear.heard}


async def test_a_receiver_may_be_a_coroutine(handler: Handler) -> None:
    heard: list[str] = []

    async def finished(**kwargs: Any) -> None:
        heard.append("finished")

    request_finished.connect(finished)
    try:
        await Visit(handler, "/native").asked()
    finally:
        request_finished.disconnect(finished)
    assert heard == ["finished"]


async def test_the_end_is_told_of_where_the_visitor_has_left(handler: Handler, ear: Ear) -> None:
    visit = Visit(handler, "/waits")
    asking = asyncio.create_task(visit.asked())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not views.hanging.calls:
            await asyncio.sleep(0)
        visit.leave()
        await asking
    assert ear.names == ["started", "finished"]


async def test_the_end_is_told_of_where_there_never_was_a_request(
    handler: Handler, ear: Ear
) -> None:
    visit = await Visit(handler, "/native", raw_query=b"page=\xff").asked()
    assert visit.status == 400
    assert ear.names == ["started", "finished"]
