"""Which methods a view answers."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

AsyncView = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def safe_only(view: AsyncView) -> AsyncView:
    """Let an async view answer GET and HEAD alone; anything else gets 405 and is told so."""

    @wraps(view)
    async def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return await view(request, *args, **kwargs)

    # There is nothing to forge: a POST gets 405, not a page about a form that was too old.
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded
