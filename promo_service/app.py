"""The application: reads the query, asks the calendar, answers with a checked payload."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from promo_service import deadline
from promo_service.campaigns import load_calendar, promotions_on
from promo_service.conditional import etag_of, none_match_fails
from promo_service.door import Door
from promo_service.openapi import document
from promo_service.payloads import Alive, Promotions
from promo_service.problems import ProblemError, no_time_left, plain_problem, problem_response
from promo_service.query import promotions_query

MAX_AGE_SECONDS = 300
_EXPLANATIONS = {
    404: "There is nothing at this path; /openapi.json lists what there is.",
    405: "This method is not allowed here; the Allow header lists those that are.",
}


class ExactRoute(Route):
    """A route without the one freedom of its pattern: a line feed after the path (``%0A``)."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["path"].endswith("\n"):
            return Match.NONE, {}
        return super().matches(scope)


def utc_now() -> datetime:
    """The present instant; the shop's day begins at midnight UTC."""
    return datetime.now(UTC)


def max_age_seconds(on_was_given: bool, now: datetime) -> int:
    """How long a reply may be kept: an answer for "today" never outlives the day."""
    if on_was_given:
        return MAX_AGE_SECONDS
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    return min(MAX_AGE_SECONDS, int((midnight - now).total_seconds()))


def create_app(now: Callable[[], datetime] = utc_now) -> Starlette:
    """Build the application around the shipped calendar and a clock."""
    calendar = load_calendar()
    described = msgspec.json.encode(document())

    async def promotions(request: Request) -> Response:
        if deadline.is_too_late(request.headers.get(deadline.HEADER)):
            raise no_time_left()
        query = promotions_query(request.scope["query_string"])
        instant = now()
        day = instant.date() if query.on is msgspec.UNSET else query.on
        body = checked(promotions_on(day, calendar))
        max_age = max_age_seconds(query.on is not msgspec.UNSET, instant)
        return cacheable(request, body, max_age)

    async def livez(_: Request) -> Response:
        body = msgspec.json.encode(Alive())
        headers = {"Cache-Control": "no-store"}
        return Response(body, media_type="application/json", headers=headers)

    async def openapi(request: Request) -> Response:
        return cacheable(request, described, MAX_AGE_SECONDS)

    app = Starlette(
        routes=[
            ExactRoute("/v1/promotions", promotions, methods=["GET"]),
            ExactRoute("/livez", livez, methods=["GET"]),
            ExactRoute("/openapi.json", openapi, methods=["GET"]),
        ],
        middleware=[Middleware(Door)],
        exception_handlers={HTTPException: _http_problem, ProblemError: _refusal},
    )
    app.router.redirect_slashes = False  # One address per resource; another is a 404.
    return app


def checked(payload: Promotions) -> bytes:
    """The payload as JSON that is known to fit its type; an error here is a fault of ours."""
    body = msgspec.json.encode(payload)
    msgspec.json.decode(body, type=Promotions)
    return body


def cacheable(request: Request, body: bytes, max_age: int) -> Response:
    """The 200 with ``body``, or the 304 if the caller says that it holds it already."""
    etag = etag_of(body)
    headers = {"Cache-Control": f"public, max-age={max_age}", "ETag": etag}
    held = ", ".join(request.headers.getlist("If-None-Match")) or None
    if none_match_fails(held, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _refusal(_: Request, exc: Exception) -> Response:
    return problem_response(cast(ProblemError, exc).problem)


async def _http_problem(_: Request, exc: Exception) -> Response:
    """What the router refuses: an unknown path or a wrong method."""
    refusal = cast(HTTPException, exc)
    headers = dict(refusal.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    detail = _EXPLANATIONS.get(refusal.status_code, refusal.detail)
    return problem_response(plain_problem(refusal.status_code, detail), headers)


app = create_app()
