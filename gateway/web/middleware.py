"""Our own middleware, asynchronous from the start."""

import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, cast

from asgiref.sync import markcoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, reset_contextvars

from gateway.aggregation.errors import PrimaryFailed
from gateway.telemetry.lines import Answered, tell_of
from gateway.telemetry.logs import log
from gateway.web.facts import facts_of, gather
from gateway.web.guests import greet
from gateway.web.headers import Stored, add_missing, stored
from gateway.web.pages import cannot_now, unavailable
from gateway.web.paths import loggable
from gateway.web.protection import protection
from gateway.web.recording import answered, recording
from gateway.web.threads import TooBusy

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class Native:
    """A middleware that is a coroutine, for synchronous and asynchronous views alike."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        markcoroutinefunction(cast(Any, self))


class RequestFacts(Native):
    """Names the request, sets its deadline, times it, and writes its one line in the log."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Put ``facts`` on the request and its id on the response."""
        facts = request.facts = gather(request)  # type: ignore[attr-defined]
        names = {"request_id": facts.request_id, "trace_id": facts.trace_id}
        before = bind_contextvars(**names)
        try:
            response = await self.get_response(request)
        finally:
            reset_contextvars(**before)
        seconds = time.monotonic() - facts.started
        tell_of(
            Answered(
                facts.request_id,
                facts.traceparent[3:35],
                request.method or "",
                loggable(request.path),
                response.status_code,
                round(seconds * 1000, 1),
            )
        )
        response.headers["X-Request-ID"] = facts.request_id
        response.headers.setdefault("Server-Timing", f"page;dur={seconds * 1000:.1f}")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a page that cannot be shown without what failed.

        Django calls these hooks in a thread, in either case; a coroutine would hop back from there.
        """
        if isinstance(exception, (TooBusy, OperationalError, InterfaceError)):
            log.warning("page.unavailable", error=type(exception).__name__)
            return cannot_now(request, facts_of(request))
        if not isinstance(exception, PrimaryFailed):
            return None
        log.warning("page.failed", page=exception.composition.plan, fragment=exception.fragment)
        return unavailable(request, exception.composition, facts_of(request))


class Recording(Native):
    """Records what is done for a request, where somebody wants to know. It needs the session."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Keep the record open until the request is answered."""
        with recording(request, facts_of(request)) as record:
            response = await self.get_response(request)
            answered(record, request, response)
        return response


class PageHeaders(Native):
    """What every response says about itself to a browser."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers that a view did not set itself."""
        response = await self.get_response(request)
        greet(request, response)
        add_missing(response.headers, _said_by_every_page())
        return response


@cache
def _said_by_every_page() -> Stored:
    # A page that says nothing of caching is nobody's to keep.
    return stored({**protection(), "Cache-Control": "no-store"})
