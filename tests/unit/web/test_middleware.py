"""What every request gets, whatever its view: a name, a deadline, a time; and no thread for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import structlog
from asgiref.sync import AsyncToSync, SyncToAsync
from blockbuster import blockbuster_ctx
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web import inline, middleware
from gateway.web.facts import facts_of
from gateway.web.handler import Handler, native
from tests.unit.web.asking import Visit
from tests.unit.web.fields import timings

__all__ = ["handler400", "handler403", "handler404", "handler500"]

ASKED = ((b"x-request-id", b"asked-1"),)
WAYS = ["/native", "/async", "/sync"]
ASYNC_WAYS = ["/native", "/async", "/streams"]


def _seen(request: HttpRequest) -> HttpResponse:
    """What a view sees of what the middleware did."""
    facts = facts_of(request)
    said = {
        "request_id": facts.request_id,
        "left": facts.deadline.remaining(),
        "in_log": structlog.contextvars.get_contextvars().get("request_id"),
        "thread": threading.get_ident(),
    }
    return HttpResponse(msgspec.json.encode(said))


@native
async def of_native(request: HttpRequest) -> HttpResponse:
    return _seen(request)


async def of_async(request: HttpRequest) -> HttpResponse:
    return _seen(request)


def of_sync(request: HttpRequest) -> HttpResponse:
    return _seen(request)


async def streams(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield _seen(request).content

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("native", of_native),
    path("async", of_async),
    path("sync", of_sync),
    path("streams", streams),
]


@pytest.fixture
def handler(settings: Any) -> Handler:
    """The gateway's handler and middleware, in front of these views."""
    settings.ROOT_URLCONF = __name__
    return Handler()


async def seen_by(handler: Handler, where: str) -> tuple[Visit, dict[str, Any]]:
    """Ask, and return the answer and what its view saw."""
    visit = await Visit(handler, where, headers=ASKED).asked()
    assert visit.status == 200
    return visit, msgspec.json.decode(visit.answer)


@pytest.mark.parametrize("where", [*WAYS, "/streams"])
async def test_every_view_gets_the_same_of_the_middleware(handler: Handler, where: str) -> None:
    visit, seen = await seen_by(handler, where)
    assert seen["request_id"] == visit.header("X-Request-ID") == "asked-1"
    assert 0 < seen["left"] <= django_settings.PAGE_BUDGET_SECONDS
    assert "page" in timings(visit.header("Server-Timing"))


@pytest.mark.parametrize("where", WAYS)
async def test_what_a_view_logs_bears_the_requests_name(handler: Handler, where: str) -> None:
    """Also from the thread of a synchronous one."""
    _, seen = await seen_by(handler, where)
    assert seen["in_log"] == "asked-1"
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("where", WAYS)
async def test_the_middleware_runs_on_the_loop_whatever_the_view(
    handler: Handler, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()
    gather = middleware.gather

    def noting(request: HttpRequest) -> Any:
        threads.add(threading.get_ident())
        return gather(request)

    def hooked(hook: Callable[..., Any]) -> Callable[..., Any]:
        def noting_too(*args: Any, **kwargs: Any) -> Any:
            threads.add(threading.get_ident())
            return hook(*args, **kwargs)

        return noting_too

    monkeypatch.setattr(middleware, "gather", noting)
    for each in (inline.Security, inline.Sessions, inline.Common, inline.Csrf):
        for name in ("process_request", "process_response"):
            if hasattr(each, name):
                monkeypatch.setattr(each, name, hooked(getattr(each, name)))
    _, seen = await seen_by(handler, where)
    assert threads == {threading.get_ident()}
    assert (seen["thread"] == threading.get_ident()) is (where != "/sync")


@contextmanager
def hops() -> Iterator[list[str]]:
    """Note what is sent from the loop into a thread, or back."""
    made: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for kind, name in ((SyncToAsync, "func"), (AsyncToSync, "awaitable")):
            call = kind.__call__

            def noted(self: Any, *args: Any, _call: Any = call, _of: str = name, **kw: Any) -> Any:
                made.append(getattr(self, _of).__qualname__)
                return _call(self, *args, **kw)

            patch.setattr(kind, "__call__", noted)
        yield made


async def through_the_middleware(handler: Handler, where: str) -> HttpResponse:
    """Send a request through the middleware and its view, without the way into Django and out."""
    scope = Visit(handler, where)._scope()
    request, _ = handler.create_request(scope, asyncio.StreamReader())
    assert request is not None
    return await handler.get_response_async(request)  # type: ignore[no-any-return]


@pytest.mark.parametrize("where", ASYNC_WAYS)
async def test_before_an_asynchronous_view_nothing_goes_to_a_thread(
    handler: Handler, where: str
) -> None:
    with hops() as made:
        response = await through_the_middleware(handler, where)
    assert response.status_code == 200
    assert made == []


async def test_a_synchronous_view_goes_to_a_thread_alone(handler: Handler) -> None:
    with hops() as made:
        await through_the_middleware(handler, "/sync")
    assert made == ["of_sync"]


async def test_a_native_view_has_no_hop_from_door_to_door(handler: Handler) -> None:
    with hops() as made:
        await seen_by(handler, "/native")
    assert made == []


async def test_a_middleware_as_django_writes_them_would_hop(settings: Any) -> None:
    """What is measured above can be measured."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        "gateway.web.middleware.RequestFacts",
        "django.middleware.security.SecurityMiddleware",
    ]
    with hops() as made:
        await through_the_middleware(Handler(), "/native")
    assert len(made) == 2


@pytest.mark.parametrize("where", ASYNC_WAYS)
async def test_nothing_on_the_loop_blocks_it(handler: Handler, where: str) -> None:
    await through_the_middleware(handler, where)  # what is imported at first use reads files
    with blockbuster_ctx():
        response = await through_the_middleware(handler, where)
    assert response.status_code == 200


@pytest.mark.parametrize("where", ASYNC_WAYS)
async def test_all_of_it_costs_no_task_and_leaves_none(handler: Handler, where: str) -> None:
    before = asyncio.all_tasks()
    await through_the_middleware(handler, where)
    assert asyncio.all_tasks() == before


def test_every_middleware_of_the_gateway_is_asynchronous() -> None:
    """The next one that somebody adds, too."""
    for name in django_settings.MIDDLEWARE:
        room, _, kind = name.rpartition(".")
        assert room in ("gateway.web.middleware", "gateway.web.inline"), name
        one = getattr({"middleware": middleware, "inline": inline}[room.rpartition(".")[2]], kind)
        assert issubclass(one, middleware.Native | inline.OnTheLoop)
