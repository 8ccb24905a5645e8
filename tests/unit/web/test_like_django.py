"""Django's own handler and ours are asked for the same, and answer alike."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web.handler import Handler, Way, always_admitted, native
from tests.unit.web.asking import Visit

__all__ = ["handler400", "handler403", "handler404", "handler500"]

PATIENCE_SECONDS = 5.0
LARGE = b"0123456789abcdef" * 20_000
DIFFERS_EACH_TIME = {b"x-request-id", b"server-timing"}
closed: list[str] = []


class File(BytesIO):
    """A file that says when it is closed."""

    def close(self) -> None:
        """Close it, and say so once."""
        if not self.closed:
            closed.append("file")
        super().close()


def plain(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(f"Hello {request.GET.get('name', 'World')}", headers={"X-Of-Its-Own": "a"})


def empty(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(status=204)


def large(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(LARGE, content_type="application/octet-stream")


def cookies(request: HttpRequest) -> HttpResponseBase:
    response = HttpResponse("ok")
    response.set_cookie("one", "1", httponly=True)
    response.set_cookie("two", request.COOKIES.get("two", "none"), max_age=5, samesite="Lax")
    response.delete_cookie("three")
    return response


def form(request: HttpRequest) -> HttpResponseBase:
    files = {name: file.read().decode() for name, file in request.FILES.items()}
    return JsonResponse({"post": request.POST.dict(), "files": files})


def meta(request: HttpRequest) -> HttpResponseBase:
    asked = ("REMOTE_ADDR", "SERVER_NAME", "QUERY_STRING", "HTTP_X_A", "PATH_INFO", "SCRIPT_NAME")
    return JsonResponse({name: request.META.get(name) for name in asked})


def moved(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseRedirect("/plain")


def unchanged(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseNotModified()


def missing(request: HttpRequest) -> HttpResponseBase:
    raise Http404


def denied(request: HttpRequest) -> HttpResponseBase:
    raise PermissionDenied


def suspicious(request: HttpRequest) -> HttpResponseBase:
    raise SuspiciousOperation


def broken(request: HttpRequest) -> HttpResponseBase:
    raise RuntimeError


def parts(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(iter([b"one ", b"", b"two ", LARGE]))


def awaited_parts(request: HttpRequest) -> HttpResponseBase:
    async def come() -> AsyncIterator[bytes]:
        for part in (b"one ", b"", b"two ", LARGE):
            await asyncio.sleep(0)
            yield part

    return StreamingHttpResponse(come())


def file(request: HttpRequest) -> HttpResponseBase:
    return FileResponse(File(LARGE), filename="a book.txt", as_attachment=True)


def nothing(request: HttpRequest) -> Any:
    return None


VIEWS = (
    *(plain, empty, large, cookies, form, meta, moved, unchanged, missing, denied, suspicious),
    *(broken, parts, awaited_parts, file, nothing),
)
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\ncontent\r\n--x--\r\n'
)
POSTED = {
    "form": ((b"content-type", b"multipart/form-data; boundary=x"), FORM),
    "plain": ((b"content-type", b"text/plain"), b"whatever"),
}


def _as_a_coroutine(view: Any) -> Any:
    async def asynchronous(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = view(request)
        return response

    asynchronous.__name__ = view.__name__
    return asynchronous


urlpatterns = [
    *(path(view.__name__, csrf_exempt(view)) for view in VIEWS),
    *(
        path(f"native/{view.__name__}", native(csrf_exempt(_as_a_coroutine(view))))
        for view in VIEWS
    ),
    *(
        path(f"always/{view.__name__}", always_admitted(native(csrf_exempt(_as_a_coroutine(view)))))
        for view in VIEWS
    ),
]


@pytest.fixture(autouse=True)
def _these_views(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


async def asked(handler: Any, name: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Ask, and return all that can be seen of the answer but for what differs each time."""
    visit = Visit(handler, f"/{name}", method, **more)
    failure = ""
    try:
        await visit.asked()
    except Exception as error:  # noqa: BLE001 - what comes through to the server is compared too
        failure = repr(error).replace("asynchronous", name.rpartition("/")[2])
    start, *rest = visit.sent or [{}]
    headers = [
        (key.lower(), value.replace(b"native/", b"").replace(b"always/", b""))
        for key, value in start.get("headers", [])
    ]
    return {
        "status": start.get("status"),
        "headers": sorted(pair for pair in headers if pair[0] not in DIFFERS_EACH_TIME),
        "parts": [message.get("body", b"") for message in rest if message.get("body")],
        "ends": [message.get("more_body", False) for message in rest][-1:],
        "closed": list(closed),
        "failure": failure,
    }


def alike(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Forget in an answer's body what names the path or the request itself."""
    if name in ("missing", "denied", "suspicious", "broken", "nothing"):
        found = found | {"parts": [], "headers": []}
    if name == "meta":
        found = found | {
            "parts": [
                part.replace(b"/native/", b"/").replace(b"/always/", b"/")
                for part in found["parts"]
            ],
            "headers": [pair for pair in found["headers"] if pair[0] != b"content-length"],
        }
    return found


@pytest.mark.parametrize("way", ["", "native/", "always/"], ids=["as it is", "native", "always"])
@pytest.mark.parametrize("name", [view.__name__ for view in VIEWS])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
async def test_a_view_is_answered_for_as_django_does(name: str, way: str) -> None:
    more = {
        "raw_query": b"name=Ada&x=%20",
        "headers": ((b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"two=2; three=3")),
    }
    for method in ("GET", "HEAD"):
        closed.clear()
        expected = alike(await asked(ASGIHandler(), name, method, **more), name)
        closed.clear()
        assert alike(await asked(Handler(), way + name, method, **more), name) == expected


@pytest.mark.parametrize("way", ["", "native/", "always/"], ids=["as it is", "native", "always"])
@pytest.mark.parametrize("name", POSTED)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_body_is_read_as_django_does(name: str, way: str, size: int) -> None:
    """In parts of any size."""
    kind, body = POSTED[name]
    pieces = tuple(body[at : at + size] for at in range(0, len(body), size))
    headers = (kind, (b"content-length", str(len(body)).encode()))
    more = {"headers": headers, "body": pieces}
    expected = await asked(ASGIHandler(), name, "POST", **more)
    assert await asked(Handler(), way + name, "POST", **more) == expected
    if name == "form":
        assert b'"f": "content"' in b"".join(expected["parts"])


def test_the_three_ways_are_three() -> None:
    """The tests above would prove nothing if all went the same way."""
    handler = Handler()
    ways = [handler.way_of(path) for path in ("/plain", "/native/plain", "/always/plain")]
    assert ways == [Way.DJANGO, Way.DOOR, Way.NATIVE]
