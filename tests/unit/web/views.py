"""Views that do what views do, each in the plainest way: the urlconf of the handler's tests."""

import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from gateway.aggregation.compose import Plan, compose
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.source import Call, Source
from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web.facts import call_from
from gateway.web.handler import native
from gateway.web.methods import safe_only
from gateway.web.pages import respond_json
from tests.fakes import FOREVER, FakeSource
from tests.unit.engine.pages import fragment, lookup

__all__ = ["handler400", "handler403", "handler404", "handler500"]

SECRET_OF_OURS = "the-words-of-an-exception"
hanging = FakeSource(delay_seconds=FOREVER)
closed: list[str] = []


@native
async def thread_of_native(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


@csrf_exempt
@native
async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/octet-stream")


@csrf_exempt
def echo_in_a_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/octet-stream")


@native
async def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET_OF_OURS)


def broken_in_a_thread(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET_OF_OURS)


@native
async def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation(SECRET_OF_OURS)


@native
async def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied(SECRET_OF_OURS)


@native
@safe_only
async def waits(request: HttpRequest) -> HttpResponse:
    plan = Plan("home", 30.0, (fragment("slow"),))
    return respond_json(request, await compose(plan, _call(request), lookup(slow=hanging)))


@native
@safe_only
async def without_its_primary(request: HttpRequest) -> HttpResponse:
    plan = Plan("shelf", 0.5, (fragment("shelf", primary=True), fragment("extra")))
    refusing: Source = FakeSource(raises=SourceRefused("shelf-source"))
    sources = lookup(shelf=refusing, extra=FakeSource())
    return respond_json(request, await compose(plan, _call(request), sources))


@native
async def closes(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(b"done")
    response._resource_closers.append(lambda: closed.append(request.path))  # type: ignore[attr-defined]
    return response


@native
async def streams(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"one ", b"two ", b"three"):
            yield part

    return StreamingHttpResponse(parts())


def thread_of_sync(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


def streams_in_a_thread(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        yield from (b"one ", b"two ", b"three")

    return StreamingHttpResponse(parts())


def this_file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


async def not_native(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"async")


def _call(request: HttpRequest) -> Call:
    """What ``call_from`` makes, with time enough that nothing ends by its deadline."""
    return call_from(request).due(Deadline.after(30.0))


urlpatterns = [
    path("native", thread_of_native),
    path("sync", thread_of_sync),
    path("echo", echo),
    path("echo-in-a-thread", echo_in_a_thread),
    path("broken", broken),
    path("broken-in-a-thread", broken_in_a_thread),
    path("suspicious", suspicious),
    path("denied", denied),
    path("waits", waits),
    path("shelf", without_its_primary),
    path("api/shelf", without_its_primary),
    path("closes", closes),
    path("streams", streams),
    path("streams-in-a-thread", streams_in_a_thread),
    path("file", this_file),
    path("async", not_native),
]
