"""The OpenAPI 3.1 document: schemas from the payload types, paths written by hand."""

import msgspec

from recco_service import openapi_parts as parts
from recco_service.openapi_parts import DEADLINE_NOTE, HABITS, Json
from recco_service.payloads import MOST_ITEMS, Alive, Recommendations
from recco_service.problems import INVALID_PARAMETER, Problem
from recco_service.query import DEFAULT_LIMIT, SENTENCES

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
    "as_of": "2026-11-12",
}
SAME_QUESTION = {
    "query.member_id": "$request.query.member_id",
    "query.limit": "$request.query.limit",
}
CACHE_CONTROL: Json = {
    "description": "`private, max-age=N` for recommendations, `public, max-age=N` for this "
    "document, `no-store` for errors and for /livez.",
    "schema": {"type": "string", "pattern": "^((public|private), max-age=[0-9]+|no-store)$"},
}
INVALID_EXAMPLE: Json = {
    "type": INVALID_PARAMETER,
    "title": "Invalid parameter",
    "status": 422,
    "detail": SENTENCES["limit"],
    "errors": [{"parameter": "limit", "detail": SENTENCES["limit"]}],
}


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
            "description": HABITS + DEADLINE_NOTE,
        },
        "paths": {
            "/v1/recommendations": _methods("recommendations", _recommendations()),
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
        "parameters": [
            member_id,
            limit,
            parts.parameter("IfNoneMatch"),
            parts.parameter("RequestId"),
        ],
        "responses": {
            "200": parts.ok(
                "The books, the best first.", "Recommendations", RECOMMENDATIONS_EXAMPLE
            )
            | {"links": parts.still_so("recommendations", **SAME_QUESTION)},
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
