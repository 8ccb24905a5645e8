"""A whole gateway in the test's own process: real Postgres, real Redis, the services over ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import redis

import gateway.runtime
from gateway.runtime import Runtime
from gateway.web.handler import Handler
from promo_service.app import app as promo_app
from recco_service.app import app as recco_app


class InProcess(httpx.AsyncBaseTransport):
    """Reaches applications by host name, without a socket; ``down`` names those that refuse."""

    def __init__(self, **applications: Any) -> None:
        self._by_host = {
            f"{name}.test": httpx.ASGITransport(app) for name, app in applications.items()
        }
        self.down: set[str] = set()
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request to its host's application."""
        self.requests.append(request)
        host = request.url.host
        if host.partition(".")[0] in self.down:
            raise httpx.ConnectError("refused") from ConnectionRefusedError(111, "refused")
        return await self._by_host[host].handle_async_request(request)


@pytest.fixture
def services() -> InProcess:
    """Both services, in this process."""
    return InProcess(promo=promo_app, recco=recco_app)


@pytest.fixture
def gateway_app(
    services: InProcess, shop_data: None, redis_url: str, settings: Any, monkeypatch: Any
) -> Handler:
    """The gateway's handler, with both services, a seeded Postgres and an empty Redis behind it."""
    settings.REDIS_URL = redis_url
    redis.Redis.from_url(redis_url).flushall()
    monkeypatch.setattr(gateway.runtime, "build", lambda: Runtime(services))
    return Handler()


@asynccontextmanager
async def visitor(app: Any, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks to ``app`` and keeps its cookies."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers
    ) as client:
        yield client
