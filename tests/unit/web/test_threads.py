"""Synchronous code inside async views: few threads, a short queue, a word for who is too many."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web import threads
from gateway.web.handler import Handler
from gateway.web.threads import WAITING_PER_THREAD, TooBusy, in_thread
from tests.unit.web.asking import Visit

__all__ = ["handler400", "handler403", "handler404", "handler500"]

PATIENCE_SECONDS = 5.0
SIZE = 2
PLACES = SIZE * (1 + WAITING_PER_THREAD)
NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME", default="nobody")


@pytest.fixture(autouse=True)
def _two_threads(settings: Any) -> Iterator[None]:
    """Threads of this test's own: two of them."""
    settings.SYNC_THREADS = SIZE
    threads._threads.cache_clear()
    try:
        yield
    finally:
        threads._threads().pool.shutdown(wait=True)
        threads._threads.cache_clear()


class Gate:
    """Work that waits until it is let go, and knows how much of it has begun."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = 0
        self.most = 0
        self._lock = threading.Lock()
        self._inside = 0

    def work(self) -> str:
        """Wait at the gate."""
        with self._lock:
            self.begun += 1
            self._inside += 1
            self.most = max(self.most, self._inside)
        assert self.open.wait(PATIENCE_SECONDS)
        with self._lock:
            self._inside -= 1
        return threading.current_thread().name


@contextmanager
def gate() -> Iterator[Gate]:
    """A gate that is open at the end, whatever happens: no thread may wait for ever."""
    one = Gate()
    try:
        yield one
    finally:
        one.open.set()


async def until(true: Callable[[], bool]) -> None:
    """Return when ``true`` is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():
            await asyncio.sleep(0.001)


def fill(one: Gate, how_many: int) -> "list[asyncio.Task[str]]":
    """Begin so much work."""
    return [asyncio.create_task(in_thread(one.work)) for _ in range(how_many)]


async def test_work_runs_in_a_thread_and_its_value_comes_back() -> None:
    def work(a: int, *, b: int) -> tuple[int, int]:
        return a + b, threading.get_ident()

    value, where = await in_thread(work, 1, b=2)
    assert value == 3
    assert where != threading.get_ident()


async def test_what_the_work_raises_comes_back() -> None:
    def work() -> None:
        raise LookupError("there is none")

    with pytest.raises(LookupError, match="there is none"):
        await in_thread(work)


async def test_no_more_run_at_once_than_there_are_threads() -> None:
    with gate() as one:
        tasks = fill(one, PLACES)
        await until(lambda: one.begun == SIZE)
        one.open.set()
        names = set(await asyncio.gather(*tasks))
    assert one.most == SIZE
    assert len(names) == SIZE


async def test_whoever_is_one_too_many_is_told_at_once() -> None:
    with gate() as one:
        tasks = fill(one, PLACES)
        await until(lambda: one.begun == SIZE)
        for _ in range(10):
            with pytest.raises(TooBusy):
                await in_thread(one.work)
        one.open.set()
        await asyncio.gather(*tasks)
    assert one.begun == PLACES
    assert await in_thread(lambda: "room again") == "room again"


async def test_cancelled_while_it_waits_it_never_starts_and_its_place_is_free() -> None:
    with gate() as one:
        tasks = fill(one, PLACES)
        await until(lambda: one.begun == SIZE)
        given_up = tasks[-5:]
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        assert all(task.cancelled() for task in given_up)
        instead = fill(one, len(given_up))
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await in_thread(one.work)
        one.open.set()
        await asyncio.gather(*tasks[:-5], *instead)
    assert one.begun == PLACES


async def test_cancelled_while_it_runs_it_keeps_its_place_until_its_end() -> None:
    with gate() as one:
        tasks = fill(one, PLACES)
        await until(lambda: one.begun == SIZE)
        for task in tasks[:SIZE]:
            task.cancel()
        await asyncio.gather(*tasks[:SIZE], return_exceptions=True)
        with pytest.raises(TooBusy):
            await in_thread(one.work)
        one.open.set()
        await asyncio.gather(*tasks[SIZE:])
    await until(lambda: one._inside == 0)
    assert await in_thread(lambda: "room again") == "room again"


async def test_no_number_of_cancellations_loses_a_place() -> None:
    for turns in range(12):
        with gate() as one:
            one.open.set()
            tasks = fill(one, PLACES)
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    places = threads._threads().places
    await until(lambda: places._value == PLACES)


async def test_context_goes_with_the_work_and_does_not_come_back() -> None:
    def work() -> str:
        before = NAME.get()
        NAME.set("changed in the thread")
        return before

    token = NAME.set("ada")
    try:
        assert await in_thread(work) == "ada"
        assert NAME.get() == "ada"
    finally:
        NAME.reset(token)
    assert await in_thread(NAME.get) == "nobody"


async def busy(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await in_thread(lambda: "done"))


urlpatterns = [path("busy", busy), path("api/busy", busy)]


@pytest.mark.parametrize(
    ("where", "kind"), [("/busy", "text/html"), ("/api/busy", "application/json")]
)
async def test_a_visitor_who_is_one_too_many_gets_503_and_is_told_when_to_come_back(
    where: str, kind: str, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    handler = Handler()
    with gate() as one:
        tasks = fill(one, PLACES)
        await until(lambda: one.begun == SIZE)
        refused = await Visit(handler, where).asked()
        one.open.set()
        await asyncio.gather(*tasks)
    assert refused.status == 503
    assert refused.header("Content-Type").startswith(kind)
    assert int(refused.header("Retry-After")) > 0
    assert refused.header("Cache-Control") == "no-store"
    assert b"Traceback" not in refused.answer
    assert (await Visit(handler, where).asked()).answer == b"done"
