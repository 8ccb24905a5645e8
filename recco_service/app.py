"""The application: reads the query, looks the answer up, answers with a checked payload."""

from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from recco_service import deadline
from recco_service.conditional import etag_of, none_match_fails
from recco_service.door import Door
from recco_service.openapi import document
from recco_service.payloads import Alive, Recommendations
from recco_service.problems import ProblemError, no_time_left, plain_problem, problem_response
from recco_service.query import recommendations_query
from recco_service.recommending import build_tables
from recco_service.shelf import load_books, load_orders

MAX_AGE_SECONDS = 60
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


def create_app() -> Starlette:
    """Build the application around tables that are computed from the shipped data."""
    books = load_books()
    tables = build_tables(books, load_orders(books))
    described = msgspec.json.encode(document())

    async def recommendations(request: Request) -> Response:
        if deadline.is_too_late(request.headers.get(deadline.HEADER)):
            raise no_time_left()
        query = recommendations_query(request.scope["query_string"])
        member_id = None if query.member_id is msgspec.UNSET else query.member_id
        body = checked(tables.answer(member_id, query.limit))
        return cacheable(request, body, f"private, max-age={MAX_AGE_SECONDS}")

    async def livez(_: Request) -> Response:
        body = msgspec.json.encode(Alive())
        headers = {"Cache-Control": "no-store"}
        return Response(body, media_type="application/json", headers=headers)

    async def openapi(request: Request) -> Response:
        return cacheable(request, described, "public, max-age=300")

    app = Starlette(
        routes=[
            ExactRoute("/v1/recommendations", recommendations, methods=["GET"]),
            ExactRoute("/livez", livez, methods=["GET"]),
            ExactRoute("/openapi.json", openapi, methods=["GET"]),
        ],
        middleware=[Middleware(Door)],
        exception_handlers={HTTPException: _http_problem, ProblemError: _refusal},
    )
    app.router.redirect_slashes = False  # One address per resource; another is a 404.
    return app


def checked(payload: Recommendations) -> bytes:
    """The payload as JSON that is known to fit its type; an error here is a fault of ours."""
    body = msgspec.json.encode(payload)
    msgspec.json.decode(body, type=Recommendations)
    return body


def cacheable(request: Request, body: bytes, cache_control: str) -> Response:
    """The 200 with ``body``, or the 304 if the caller says that it holds it already."""
    etag = etag_of(body)
    headers = {"Cache-Control": cache_control, "ETag": etag}
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
