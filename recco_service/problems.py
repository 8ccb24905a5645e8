"""Errors as RFC 9457 problem details."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
BLANK = "about:blank"  # RFC 9457, 4.2.1: the status code says it all
INVALID_PARAMETER = "tag:bookshop.example,2026:invalid-parameter"
BUSY = "tag:bookshop.example,2026:busy"
NO_TIME_LEFT = "tag:bookshop.example,2026:no-time-left"


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One query parameter that was refused, and what would have been accepted."""

    parameter: Annotated[str, Meta(max_length=64)]
    detail: str


class Problem(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A problem detail; ``errors`` is there for refused parameters only."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    errors: tuple[Fault, ...] = ()


class ProblemError(Exception):
    """Raised inside a handler; becomes the reply with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def plain_problem(status: int, detail: str) -> Problem:
    """A problem of which nothing is known but its HTTP status."""
    return Problem(BLANK, HTTPStatus(status).phrase, status, detail)


def invalid_parameters(faults: tuple[Fault, ...]) -> ProblemError:
    """The refusal (422) of a query; its detail says all of the faults in one line."""
    detail = " ".join(fault.detail for fault in faults)
    return ProblemError(Problem(INVALID_PARAMETER, "Invalid parameter", 422, detail, faults))


def no_time_left() -> ProblemError:
    """The refusal (504) to begin work that the caller can no longer wait for."""
    detail = "The caller has no time left to wait for the answer; the work was not begun."
    return ProblemError(Problem(NO_TIME_LEFT, "No time left", 504, detail))


def busy() -> Problem:
    """The refusal (503) of what is more than can be answered in time."""
    detail = "More is asked at once than can be answered in time; ask again in a moment."
    return Problem(BUSY, "Busy", 503, detail)


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP reply that carries a problem. No cache may keep it."""
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
