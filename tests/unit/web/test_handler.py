"""The way into Django: without a thread for native views, as Django does it for all others."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core import signals
from django.http import HttpRequest, HttpResponse

from gateway.web.handler import Handler, native
from tests.unit.web import views
from tests.unit.web.asking import Visit

PATIENCE_SECONDS = 5.0
CANCEL_SECONDS = 0.1


@pytest.fixture
def handed_to_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whatever is given to any thread pool, by name."""
    handed: list[str] = []
    submit = ThreadPoolExecutor.submit

    def noted(self: ThreadPoolExecutor, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        handed.append(repr(work))
        return submit(self, work, *args, **kwargs)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", noted)
    return handed


async def test_a_native_view_needs_no_thread(
    handler: Handler, handed_to_threads: list[str]
) -> None:
    visit = await Visit(handler, "/native").asked()
    assert visit.answer == str(threading.get_ident()).encode()
    assert handed_to_threads == []


async def test_a_synchronous_view_never_runs_on_the_loop(
    handler: Handler, handed_to_threads: list[str]
) -> None:
    visit = await Visit(handler, "/sync").asked()
    assert visit.status == 200
    assert visit.answer != str(threading.get_ident()).encode()
    assert handed_to_threads != []


@pytest.mark.parametrize("path", ["/sync", "/async"])
async def test_other_views_still_get_what_django_does_at_their_start(
    handler: Handler, path: str
) -> None:
    started: list[str] = []

    def receiver(scope: Any, **kwargs: Any) -> None:
        started.append(scope["path"])

    signals.request_started.connect(receiver)
    try:
        await Visit(handler, path).asked()
    finally:
        signals.request_started.disconnect(receiver)
    assert started == [path]


def test_only_a_coroutine_can_be_native() -> None:
    def synchronous(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    with pytest.raises(TypeError, match="is not async"):
        native(synchronous)


@pytest.mark.parametrize("path", ["/echo", "/echo-in-a-thread"])
@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 300_000])
async def test_a_view_reads_the_whole_body(handler: Handler, path: str, size: int) -> None:
    """In parts as a server hands them on: a part may also be empty."""
    body = bytes(number % 251 for number in range(size))
    parts = tuple(body[at : at + 8192] for at in range(0, size, 8192))
    length = ((b"content-length", str(size).encode()),)
    visit = Visit(handler, path, "POST", headers=length, body=(*parts, b""))
    assert (await visit.asked()).answer == body


@pytest.mark.parametrize("path", ["/echo", "/echo-in-a-thread"])
async def test_a_body_over_the_limit_is_refused(handler: Handler, settings: Any, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    length = ((b"content-length", b"101"),)
    visit = await Visit(handler, path, "POST", headers=length, body=(b"x" * 101,)).asked()
    assert visit.status in (400, 413)
    assert b"x" * 50 not in visit.answer


@pytest.mark.parametrize("path", ["/streams", "/streams-in-a-thread"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
async def test_a_response_may_stream(handler: Handler, path: str) -> None:
    visit = await Visit(handler, path).asked()
    assert visit.answer == b"one two three"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
async def test_a_file_can_be_sent(handler: Handler) -> None:
    visit = await Visit(handler, "/file").asked()
    assert visit.answer == Path(views.__file__).read_bytes()


async def test_a_response_is_closed_when_it_was_sent(handler: Handler) -> None:
    visit = await Visit(handler, "/closes").asked()
    assert visit.answer == b"done"
    assert views.closed == ["/closes"]


@pytest.mark.parametrize("path", ["/broken", "/broken-in-a-thread"])
async def test_an_exception_becomes_our_page_and_tells_nothing(
    handler: Handler, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    visit = await Visit(handler, path, headers=((b"x-request-id", b"asked-1"),)).asked()
    assert visit.status == 500
    assert b"Something of ours fell over" in visit.answer
    assert b"asked-1" in visit.answer
    for inside in (views.SECRET_OF_OURS, "Traceback", "RuntimeError", ".py"):
        assert inside.encode() not in visit.answer
    assert visit.header("Cache-Control") == "no-store"
    assert visit.header("X-Request-ID") == "asked-1"
    assert any(record.exc_info for record in caplog.records), "nobody would hear of it"


@pytest.mark.parametrize(("path", "status"), [("/suspicious", 400), ("/denied", 403)])
async def test_a_refusal_has_its_page_and_tells_nothing(
    handler: Handler, path: str, status: int
) -> None:
    visit = await Visit(handler, path).asked()
    assert visit.status == status
    assert b"<h1>" in visit.answer
    assert views.SECRET_OF_OURS.encode() not in visit.answer


async def test_a_query_that_is_no_text_is_refused(handler: Handler) -> None:
    visit = await Visit(handler, "/native", raw_query=b"page=\xff").asked()
    assert visit.status == 400


async def test_a_visitor_who_leaves_takes_his_sources_with_him(handler: Handler) -> None:
    visit = Visit(handler, "/waits")
    asking = asyncio.create_task(visit.asked())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not views.hanging.calls:
            await asyncio.sleep(0)
    visit.leave()
    async with asyncio.timeout(CANCEL_SECONDS):
        await asking
        while not views.hanging.cancellations:
            await asyncio.sleep(0)
    assert visit.sent == []


async def test_a_server_that_gives_up_takes_the_sources_with_it(handler: Handler) -> None:
    asking = asyncio.create_task(Visit(handler, "/waits").asked())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not views.hanging.calls:
            await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(CANCEL_SECONDS):
        while not views.hanging.cancellations:
            await asyncio.sleep(0)


async def test_a_visitor_who_leaves_before_his_body_is_whole_is_no_fault(handler: Handler) -> None:
    visit = Visit(handler, "/echo", "POST", body=())
    visit.leave()
    await visit.asked()
    assert visit.sent == []


async def test_nothing_is_left_running_behind_an_answer(handler: Handler) -> None:
    before = asyncio.all_tasks()
    for path in ("/native", "/sync", "/broken", "/streams"):
        await Visit(handler, path).asked()
    await asyncio.sleep(0)  # whoever listened for a leaving has been told to stop
    assert asyncio.all_tasks() == before
