"""What the operations of the OpenAPI document share: replies, headers, parameters."""

from typing import Any

from recco_service import deadline
from recco_service.crowd import MOST_AT_ONCE, RETRY_AFTER_SECONDS
from recco_service.problems import BUSY, MEDIA_TYPE, NO_TIME_LEFT

Json = dict[str, Any]

REQUEST_ID_PATTERN = "^[A-Za-z0-9._-]{1,128}$"
NO_TIME_EXAMPLE: Json = {
    "type": NO_TIME_LEFT,
    "title": "No time left",
    "status": 504,
    "detail": "The caller has no time left to wait for the answer; the work was not begun.",
}
BUSY_EXAMPLE: Json = {
    "type": BUSY,
    "title": "Busy",
    "status": 503,
    "detail": "More is asked at once than can be answered in time; ask again in a moment.",
}
DEADLINE_NOTE = (
    f"A caller may say in `{deadline.HEADER}` how many milliseconds it still waits. With none "
    "left (0 or less) the work is not begun and the answer is 504; a malformed value is ignored."
)
HABITS = (
    "Every reply carries `X-Request-ID` and `X-Content-Type-Options: nosniff`. HEAD is answered "
    "like GET, without a body. Other methods get 405 with `Allow`, other paths 404. Unknown, "
    "repeated and malformed query parameters of /v1 get 422. Fields may be added to replies: pass "
    "over those that you do not know. Errors are RFC 9457 problem details, "
    "but for those of the connection itself: what is no HTTP gets a line of text with 400, and so "
    "does, with 503, a connection beyond what one process can hold. "
)


def ok(description: str, schema: str, example: Json) -> Json:
    """The 200 with a body of a component schema."""
    media = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {
        "description": description,
        "headers": header_refs("ETag"),
        "content": {"application/json": media},
    }


def problem(description: str, example: Json | None = None, *headers: str) -> Json:
    """An error, with the headers that it has beyond those of every reply."""
    media: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example is not None:
        media["example"] = example
    return {
        "description": description,
        "headers": header_refs(*headers),
        "content": {MEDIA_TYPE: media},
    }


def not_modified() -> Json:
    """The 304."""
    return {"description": "The caller holds this already.", "headers": header_refs("ETag")}


def failures() -> Json:
    """What any resource but /livez may answer when it does no work."""
    return {
        "500": problem("The service failed."),
        "503": problem("More is asked at once than can be answered.", BUSY_EXAMPLE, "Retry-After"),
    }


def late() -> Json:
    """The 504."""
    return problem("The caller had no time left.", NO_TIME_EXAMPLE)


def still_so(operation: str, **asked: str) -> Json:
    """The link from a reply to the same question, asked on the condition that it has changed."""
    held = {"header.If-None-Match": "$response.header.ETag"}
    return {
        "StillSo": {
            "operationId": operation,
            "parameters": {**asked, **held},
            "description": "Whether it is still so: 304 if it is, 200 with the new body if not.",
        }
    }


def parameter(name: str) -> Json:
    """A parameter among the components."""
    return {"$ref": f"#/components/parameters/{name}"}


def header_refs(*more: str) -> Json:
    """The headers of every reply, and some more."""
    names = ("Cache-Control", "X-Request-ID", "X-Content-Type-Options", *more)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def components(schemas: Json, cache_control: Json) -> Json:
    """All that is referred to."""
    return {
        "schemas": schemas,
        "headers": {"Cache-Control": {"required": True, **cache_control}, **_headers()},
        "parameters": _parameters(),
        "responses": {
            "NotFound": problem("There is nothing at this path."),
            "MethodNotAllowed": problem("This path has no such method.", None, "Allow"),
        },
    }


def _parameters() -> Json:
    return {
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "Entity tags that the caller holds, or `*`. Anything else is ignored.",
            "schema": {"type": "string"},
        },
        "RequestId": {
            "name": "X-Request-ID",
            "in": "header",
            "description": "Sent back if it is 1 to 128 of A-Z a-z 0-9 . _ -; else a new one is.",
            "schema": {"type": "string"},
        },
    }


def _headers() -> Json:
    return {
        "ETag": _header("A strong entity tag of the body.", pattern='^"[0-9a-f]{32}"$'),
        "X-Request-ID": _header("The caller's id, or a new one.", pattern=REQUEST_ID_PATTERN),
        "X-Content-Type-Options": _header("It is what it says it is.", const="nosniff"),
        "Allow": _header("The methods that this path has.", const="GET, HEAD"),
        "Retry-After": _header(
            f"Seconds to wait: beyond {MOST_AT_ONCE} requests at a time.",
            const=str(RETRY_AFTER_SECONDS),
        ),
    }


def _header(description: str, **schema: str) -> Json:
    return {
        "description": description,
        "required": True,
        "schema": {"type": "string", **schema},
    }
