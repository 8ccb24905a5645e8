"""The OpenAPI 3.1 document: schemas from the payload types, paths written by hand."""

import msgspec

from promo_service import openapi_parts as parts
from promo_service.openapi_parts import DEADLINE_NOTE, HABITS, Json
from promo_service.payloads import Alive, Promotions
from promo_service.problems import INVALID_PARAMETER, Problem
from promo_service.query import ON_SENTENCE

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
CACHE_CONTROL: Json = {
    "description": "`public, max-age=N`; an answer for today never outlives the day. `no-store` "
    "for errors and for /livez.",
    "schema": {"type": "string", "pattern": "^(public, max-age=[0-9]+|no-store)$"},
}
INVALID_EXAMPLE: Json = {
    "type": INVALID_PARAMETER,
    "title": "Invalid parameter",
    "status": 422,
    "detail": ON_SENTENCE,
    "errors": [{"parameter": "on", "detail": ON_SENTENCE}],
}


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
            "description": HABITS + DEADLINE_NOTE,
        },
        "paths": {
            "/v1/promotions": _methods("promotions", _promotions()),
            "/livez": _methods("livez", _livez()),
            "/openapi.json": _methods("openapi", _openapi()),
        },
        "components": parts.components(schemas, CACHE_CONTROL),
    }


def _methods(name: str, operation: Json) -> Json:
    """GET, and HEAD as the same without bodies and what follows from them."""
    bare = {
        status: {key: response[key] for key in ("description", "headers")}
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
        "parameters": [on, parts.parameter("IfNoneMatch"), parts.parameter("RequestId")],
        "responses": {
            "200": parts.ok("The day's campaign and banners.", "Promotions", PROMOTIONS_EXAMPLE)
            | {"links": parts.still_so("promotions", **{"query.on": "$response.body#/on"})},
            "304": parts.not_modified(),
            "422": parts.problem(
                "A query parameter is unknown, repeated or malformed.", INVALID_EXAMPLE
            ),
            **parts.failures(),
            "504": parts.late(),
        },
    }


def _livez() -> Json:
    alive = parts.ok("The process answers.", "Alive", {"status": "alive"})
    del alive["headers"]["ETag"]
    return {
        "summary": "Whether the process answers; no work is done for it",
        "parameters": [parts.parameter("RequestId")],
        "responses": {"200": alive, "500": parts.problem("The service failed.")},
    }


def _openapi() -> Json:
    described: Json = {
        "description": "This document.",
        "headers": parts.header_refs("ETag"),
        "content": {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}},
        "links": parts.still_so("openapi"),
    }
    return {
        "summary": "This document",
        "parameters": [parts.parameter("IfNoneMatch"), parts.parameter("RequestId")],
        "responses": {
            "200": described,
            "304": parts.not_modified(),
            **parts.failures(),
        },
    }
