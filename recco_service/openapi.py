"""The OpenAPI 3.1 document: schemas from the payload types, paths written by hand."""

from typing import Any

import msgspec

from recco_service import deadline
from recco_service.payloads import MOST_ITEMS, Alive, Recommendations
from recco_service.problems import INVALID_PARAMETER, MEDIA_TYPE, NO_TIME_LEFT, Problem
from recco_service.query import DEFAULT_LIMIT, SENTENCES

Json = dict[str, Any]

RECOMMENDATIONS_EXAMPLE: Json = {
    "member_id": "42",
    "strategy": "bought-together",
    "items": [
        {
            "isbn": "9780141439518",
            "title": "Pride and Prejudice",
            "author": "Jane Austen",
            "price": {"amount": "8.99", "currency": "EUR"},
            "reason": "Readers of Jane Eyre also bought this",
        }
    ],
}
INVALID_EXAMPLE: Json = {
    "type": INVALID_PARAMETER,
    "title": "Invalid parameter",
    "status": 422,
    "detail": SENTENCES["limit"],
    "errors": [{"parameter": "limit", "detail": SENTENCES["limit"]}],
}
NO_TIME_EXAMPLE: Json = {
    "type": NO_TIME_LEFT,
    "title": "No time left",
    "status": 504,
    "detail": "The caller has no time left to wait for the answer; the work was not begun.",
}
DEADLINE_NOTE = (
    f"A caller may say in `{deadline.HEADER}` how many milliseconds it still waits. With none "
    "left (0 or less) the work is not begun and the answer is 504; a malformed value is ignored."
)


def document() -> Json:
    """The whole document, ready to be encoded."""
    _, schemas = msgspec.json.schema_components(
        [Recommendations, Problem, Alive], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Recommendations",
            "version": "1.0.0",
            "summary": "What a member may like next, from what readers bought together.",
            "description": "Every reply carries `X-Request-ID` and `X-Content-Type-Options: "
            "nosniff`. HEAD is answered like GET, without a body. Other methods get 405 with "
            "`Allow`. Unknown, repeated and malformed query parameters of /v1 get 422. Errors "
            "are RFC 9457 problem details. " + DEADLINE_NOTE,
        },
        "paths": {
            "/v1/recommendations": _methods("recommendations", _recommendations()),
            "/livez": _methods("livez", _livez()),
            "/openapi.json": _methods("openapi", _openapi()),
        },
        "components": {"schemas": schemas, "headers": _headers(), "parameters": _parameters()},
    }


def _methods(name: str, operation: Json) -> Json:
    """GET, and HEAD as the same without bodies."""
    bare = {
        status: {key: value for key, value in response.items() if key != "content"}
        for status, response in operation["responses"].items()
    }
    return {
        "get": {"operationId": name, **operation},
        "head": {"operationId": f"{name}Head", **operation, "responses": bare},
    }


def _recommendations() -> Json:
    member_id: Json = {
        "name": "member_id",
        "in": "query",
        "description": "Whom the books are for. Best sellers if absent or without a past.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "example": "42",
    }
    limit: Json = {
        "name": "limit",
        "in": "query",
        "description": "At most so many books.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_ITEMS,
            "default": DEFAULT_LIMIT,
        },
        "example": DEFAULT_LIMIT,
    }
    return {
        "summary": "Books that a member may like next",
        "description": DEADLINE_NOTE,
        "parameters": [member_id, limit, _parameter("IfNoneMatch"), _parameter("RequestId")],
        "responses": {
            "200": _response(
                "The books, the best first.", "Recommendations", RECOMMENDATIONS_EXAMPLE
            ),
            "304": _not_modified(),
            "422": _problem(
                "A query parameter is unknown, repeated or malformed.", INVALID_EXAMPLE
            ),
            "500": _problem("The service failed."),
            "504": _problem("The caller had no time left.", NO_TIME_EXAMPLE),
        },
    }


def _livez() -> Json:
    alive = _response("The process answers.", "Alive", {"status": "alive"})
    del alive["headers"]["ETag"]
    return {
        "summary": "Whether the process answers; no work is done for it",
        "parameters": [_parameter("RequestId")],
        "responses": {"200": alive, "500": _problem("The service failed.")},
    }


def _openapi() -> Json:
    described: Json = {
        "description": "This document.",
        "headers": _header_refs("ETag"),
        "content": {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}},
    }
    return {
        "summary": "This document",
        "parameters": [_parameter("IfNoneMatch"), _parameter("RequestId")],
        "responses": {
            "200": described,
            "304": _not_modified(),
            "500": _problem("The service failed."),
        },
    }


def _response(description: str, schema: str, example: Json) -> Json:
    media = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {
        "description": description,
        "headers": _header_refs("ETag"),
        "content": {"application/json": media},
    }


def _problem(description: str, example: Json | None = None) -> Json:
    media: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example is not None:
        media["example"] = example
    return {
        "description": description,
        "headers": _header_refs(),
        "content": {MEDIA_TYPE: media},
    }


def _not_modified() -> Json:
    return {"description": "The caller holds this already.", "headers": _header_refs("ETag")}


def _header_refs(*more: str) -> Json:
    names = ("Cache-Control", "X-Request-ID", "X-Content-Type-Options", *more)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameter(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


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
        "Cache-Control": {
            "description": "`private, max-age=N` for recommendations, `public, max-age=N` for "
            "this document, `no-store` for errors and for /livez.",
            "required": True,
            "schema": {
                "type": "string",
                "pattern": "^((public|private), max-age=[0-9]+|no-store)$",
            },
        },
        "ETag": {
            "description": "A strong entity tag of the body.",
            "required": True,
            "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
        },
        "X-Request-ID": {
            "description": "The caller's request id, or a new one.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        },
        "X-Content-Type-Options": {
            "required": True,
            "schema": {"type": "string", "const": "nosniff"},
        },
    }
