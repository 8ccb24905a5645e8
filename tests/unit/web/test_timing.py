"""Server-Timing on every answer, whoever gives it, and never twice."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse

from gateway.server.refusal import TOO_LARGE, refuse
from gateway.web.admission import admission
from gateway.web.facts import ARRIVED
from gateway.web.handler import Handler
from gateway.web.static import with_static_files
from gateway.web.timing import timed
from tests.unit.web.asking import Visit
from tests.unit.web.fields import timings

Header = tuple[bytes, bytes]


def answering(*headers: Header) -> Any:
    """An application that answers in two parts, with these headers."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    return application


def all_timings(visit: Visit) -> list[bytes]:
    """Every Server-Timing header of the answer."""
    return [value for name, value in visit.sent[0]["headers"] if name.lower() == b"server-timing"]


async def test_an_answer_says_how_long_it_took() -> None:
    visit = await Visit(timed(answering((b"content-type", b"text/plain"))), "/").asked()
    assert timings(visit.header("Server-Timing"))["page"].parameters["dur"] >= 0
    assert visit.header("Content-Type") == "text/plain"
    assert visit.answer == b"one two"


async def test_time_runs_from_when_the_request_came() -> None:
    async def earlier(scope: Any, receive: Any, send: Any) -> None:
        await timed(answering())(scope | {ARRIVED: -1.0}, receive, send)

    visit = await Visit(earlier, "/").asked()
    assert timings(visit.header("Server-Timing"))["page"].parameters["dur"] > 1000


@pytest.mark.parametrize("name", [b"server-timing", b"Server-Timing", b"SERVER-TIMING"])
async def test_an_answer_that_says_more_is_left_as_it_is(name: bytes) -> None:
    told = b'promo;dur=1.0;desc="live", page;dur=2.0'
    visit = await Visit(timed(answering((name, told))), "/").asked()
    assert all_timings(visit) == [told]


async def test_what_the_application_sends_is_not_changed_under_its_hands() -> None:
    headers: list[Header] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            await send({"type": "http.response.start", "status": 200, "headers": headers})

    await Visit(timed(application), "/").asked()
    assert headers == []


async def test_what_is_no_http_goes_through() -> None:
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], send))

    async def send(message: Any) -> None:
        pytest.fail("nothing is sent")

    await timed(application)({"type": "websocket"}, None, send)
    assert seen == [("websocket", send)]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/native", "GET", 200),
        ("/async", "GET", 200),
        ("/sync", "GET", 200),
        ("/native", "HEAD", 200),
        ("/waits", "POST", 405),
        ("/streams", "GET", 200),
        ("/nowhere", "GET", 404),
        ("/suspicious", "GET", 400),
        ("/%00".replace("%00", "\0"), "GET", 400),
        ("/denied", "GET", 403),
        ("/broken", "GET", 500),
        ("/broken-in-a-thread", "GET", 500),
        ("/shelf", "GET", 503),
    ],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
async def test_every_answer_of_django_is_timed_once(
    handler: Handler, path: str, method: str, status: int
) -> None:
    visit = await Visit(with_static_files(handler), path, method).asked()
    assert visit.status == status
    assert len(all_timings(visit)) == 1
    assert "page" in timings(visit.header("Server-Timing"))


@pytest.mark.parametrize("path", ["/streams-in-a-thread", "/file"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
async def test_what_streams_from_a_thread_is_timed(handler: Handler, path: str) -> None:
    visit = await Visit(with_static_files(handler), path).asked()
    assert visit.status == 200
    assert len(all_timings(visit)) == 1


@pytest.mark.parametrize("path", ["/echo", "/echo-in-a-thread"])
async def test_a_body_that_is_too_large_is_refused_in_good_time(
    handler: Handler, settings: Any, path: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    length = ((b"content-length", b"101"),)
    visit = Visit(with_static_files(handler), path, "POST", headers=length, body=(b"x" * 101,))
    await visit.asked()
    assert visit.status in (400, 413)
    assert len(all_timings(visit)) == 1


async def test_a_refusal_before_any_middleware_is_timed(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django answers a request that it cannot read without asking its middleware."""
    refused = (None, HttpResponse(status=413))
    monkeypatch.setattr(handler, "create_request", lambda scope, body: refused)
    visit = await Visit(with_static_files(handler), "/async").asked()
    assert visit.status == 413
    assert len(all_timings(visit)) == 1


async def test_a_refusal_at_the_door_is_timed() -> None:
    class Shut:
        """A door that lets nobody in."""

        async def pass_through(self, answer: Any, came: float) -> bool:
            return False

    visit = await Visit(timed(admission(answering(), Shut())), "/").asked()  # type: ignore[arg-type]
    assert visit.status == 503
    assert len(all_timings(visit)) == 1


async def test_a_static_file_is_timed(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "thing.css").write_text("p { color: red }")
    settings.STATIC_ROOT = str(tmp_path)
    application = with_static_files(answering())
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405)):
        visit = await Visit(application, "/static/thing.css", method).asked()
        assert visit.status == status
        assert len(all_timings(visit)) == 1


async def test_what_the_server_refuses_took_no_time() -> None:
    """It says so all the same: every answer does."""
    written: list[bytes] = []
    transport = SimpleNamespace(
        write=written.append, loseWriteConnection=lambda: None, abortConnection=lambda: None
    )
    refuse(SimpleNamespace(transport=transport, callLater=lambda *_: None), TOO_LARGE)
    head, _, _ = b"".join(written).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nServer-Timing: page;dur=0.0" in head
