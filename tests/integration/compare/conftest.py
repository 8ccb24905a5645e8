"""A gateway in this process on which everybody may compare, as often as they like."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.storefront.compare import blocking, strategies, views
from gateway.storefront.compare.turnstile import Turnstile
from gateway.storefront.compare.views import Desk
from gateway.web.handler import Handler
from promo_service.app import app as promo_app
from recco_service.app import app as recco_app
from tests.integration.conftest import InProcess


class ThroughThread(httpx.BaseTransport):
    """Reaches the services of this process from code that blocks; ``down`` as theirs."""

    def __init__(self, services: InProcess) -> None:
        self.services = services

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the services do."""

        async def answered() -> tuple[int, bytes]:
            response = await self.services.handle_async_request(
                httpx.Request(request.method, request.url, headers=request.headers)
            )
            return response.status_code, await response.aread()

        status, body = asyncio.run(answered())
        return httpx.Response(status, content=body)


@pytest.fixture
def services() -> InProcess:
    """Both services."""
    return InProcess(promo=promo_app, recco=recco_app)


@pytest.fixture
def compare_app(
    gateway_app: Handler, services: InProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Handler:
    """The gateway's handler; nobody has compared anything on it yet."""

    def transport() -> httpx.BaseTransport:
        return ThroughThread(services)

    settings.COMPARE_PUBLIC = True
    monkeypatch.setattr(views, "desk", Desk(Turnstile(pause_seconds=0.0)))
    monkeypatch.setattr(blocking, "blocking_transport", transport)
    monkeypatch.setattr(strategies, "blocking_transport", transport)
    return gateway_app
