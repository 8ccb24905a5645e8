"""The OpenAPI documents are valid, and what they say is what the services do."""

from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette

from tests.services.asking import SERVICE_NAMES, SERVICES, ask

both = pytest.mark.parametrize(("app", "path"), SERVICES, ids=SERVICE_NAMES)


async def document(app: Starlette) -> dict[str, Any]:
    reply = await ask(app, "/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    described: dict[str, Any] = reply.json()
    return described


@both
async def test_the_document_is_valid_openapi_3_1(app: Starlette, path: str) -> None:
    described = await document(app)
    assert described["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(described).validate()


@both
async def test_every_path_and_method_is_described(app: Starlette, path: str) -> None:
    described = await document(app)
    routes = {route.path: route.methods for route in app.routes}  # type: ignore[attr-defined]
    assert set(described["paths"]) == set(routes)
    for name, methods in routes.items():
        assert {method.lower() for method in methods} == set(described["paths"][name])


@both
@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", [], 200),
        ("", [("If-None-Match", "*")], 304),
        ("&x=1", [], 422),
        ("", [("X-Envoy-Expected-Rq-Timeout-Ms", "0")], 504),
    ],
)
async def test_each_reply_is_as_described(
    app: Starlette, path: str, query: str, headers: list[tuple[str, str]], status: int
) -> None:
    described = await document(app)
    reply = await ask(app, path + query, headers=headers)
    assert reply.status_code == status
    operation = described["paths"][path.partition("?")[0]]["get"]
    check_reply(described, operation["responses"][str(status)], reply)


@both
async def test_a_refusal_is_as_described(
    app: Starlette, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = await document(app)
    monkeypatch.setattr(app.state, "inside", lambda: 10**6, raising=False)
    operation = described["paths"][path.partition("?")[0]]["get"]
    check_reply(described, operation["responses"]["503"], await ask(app, path))


@both
async def test_what_no_path_can_describe_is_described_beside(app: Starlette, path: str) -> None:
    described = await document(app)
    shared = described["components"]["responses"]
    check_reply(described, shared["NotFound"], await ask(app, "/nowhere"))
    check_reply(described, shared["MethodNotAllowed"], await ask(app, path, method="POST"))


def check_reply(described: dict[str, Any], response: dict[str, Any], reply: httpx.Response) -> None:
    """The headers and the body of a reply fit what the document says of them."""
    for name in response["headers"]:
        header = described["components"]["headers"][name]
        jsonschema.validate(reply.headers[name], header["schema"])
    if "content" in response:
        schema = response["content"][reply.headers["content-type"]]["schema"]
        jsonschema.validate(reply.json(), {**schema, "components": described["components"]})
    else:
        assert reply.content == b""


@both
async def test_the_examples_fit_their_schemas(app: Starlette, path: str) -> None:
    described = await document(app)
    seen = 0
    for methods in described["paths"].values():
        for response in methods["get"]["responses"].values():
            for media in response.get("content", {}).values():
                schema = {**media["schema"], "components": described["components"]}
                if "example" in media:
                    jsonschema.validate(media["example"], schema)
                    seen += 1
    assert seen >= 4


@both
async def test_the_documented_parameters_are_the_ones_that_are_read(
    app: Starlette, path: str
) -> None:
    described = await document(app)
    operation = described["paths"][path.partition("?")[0]]["get"]
    named = [p["name"] for p in operation["parameters"] if p.get("in") == "query"]
    detail = (await ask(app, path + "&x=1")).json()["detail"]
    assert detail.endswith(f"allowed: {', '.join(named)}.")
