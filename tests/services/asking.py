"""How the tests ask a service that runs inside the test's own process."""

from collections.abc import Iterable

import httpx
from starlette.applications import Starlette

import promo_service.app
import recco_service.app

PROMOTIONS = "/v1/promotions"
RECOMMENDATIONS = "/v1/recommendations"

SERVICES: list[tuple[Starlette, str]] = [
    (promo_service.app.app, PROMOTIONS + "?on=2026-11-20"),
    (recco_service.app.app, RECOMMENDATIONS + "?member_id=42"),
]
SERVICE_NAMES = ["promo", "recco"]

Headers = Iterable[tuple[str, str]]


async def ask(
    app: Starlette, path: str, *, method: str = "GET", headers: Headers = ()
) -> httpx.Response:
    """One request to an application, without a network and without its lifespan."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        sent = [(name.encode(), value.encode()) for name, value in headers]
        return await client.request(method, path, headers=sent)


async def refused_parameters(app: Starlette, path: str) -> list[str]:
    """The names of the parameters that a 422 complains of; fails if the reply is not one."""
    reply = await ask(app, path)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    problem = reply.json()
    assert problem["status"] == 422
    assert all(fault["detail"] in problem["detail"] for fault in problem["errors"])
    return [fault["parameter"] for fault in problem["errors"]]
