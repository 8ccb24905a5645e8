"""The OpenAPI 3.1 document: schemas from the payload types, paths written by hand."""

from typing import Any

import msgspec

from promo_service import deadline
from promo_service.payloads import Alive, Promotions
from promo_service.problems import INVALID_PARAMETER, MEDIA_TYPE, NO_TIME_LEFT, Problem
from promo_service.query import ON_SENTENCE

Json = dict[str, Any]

PROMOTIONS_EXAMPLE: Json = {
    "on": "2026-11-20",
    "campaign": {"id": "winter-reads", "name": "Winter reads"},
    "banners": [
        {
            "id": "wr-1",
            "headline": "Long nights, long novels",
            "body": "The kettle is on and the lamp is lit.",
            "href": "/books/?tag=winter",
            "image_url": None,
            "image_alt": "",
            "discount_percent": 20,
            "starts_on": "2026-11-15",
            "ends_on": "2026-12-31",
        }
    ],
}
INVALID_EXAMPLE: Json = {
    "type": INVALID_PARAMETER,
    "title": "Invalid parameter",
    "status": 422,
    "detail": ON_SENTENCE,
    "errors": [{"parameter": "on", "detail": ON_SENTENCE}],
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
        [Promotions, Problem, Alive], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Promotions",
            "version": "1.0.0",
            "summary": "Which campaign and which banners the shop shows on a day.",
            "description": "Every reply carries `X-Request-ID` and `X-Content-Type-Options: "
            "nosniff`. HEAD is answered like GET, without a body. Other methods get 405 with "
            "`Allow`. Unknown, repeated and malformed query parameters of /v1 get 422. Errors "
            "are RFC 9457 problem details. " + DEADLINE_NOTE,
        },
        "paths": {
            "/v1/promotions": _methods("promotions", _promotions()),
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


def _promotions() -> Json:
    on: Json = {
        "name": "on",
        "in": "query",
        "description": "The day that is asked for; today (UTC) if absent.",
        "schema": {"type": "string", "format": "date"},
        "example": "2026-11-20",
    }
    return {
        "summary": "What the shop shows on a day",
        "description": DEADLINE_NOTE,
        "parameters": [on, _parameter("IfNoneMatch"), _parameter("RequestId")],
        "responses": {
            "200": _response("The day's campaign and banners.", "Promotions", PROMOTIONS_EXAMPLE),
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
            "description": "`public, max-age=N`; an answer for today never outlives the day. "
            "`no-store` for errors and for /livez.",
            "required": True,
            "schema": {"type": "string", "pattern": "^(public, max-age=[0-9]+|no-store)$"},
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
