"""A gateway in this process with five stops, and a weather service that does as it is told."""

import asyncio
import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.tour.models import Stop
from gateway.web.handler import Handler
from promo_service.app import app as promo_app
from recco_service.app import app as recco_app
from tests.integration.conftest import InProcess
from tests.standins.app import create_app
from tests.standins.mailbox import Mailbox

LATITUDES = {
    "dublin": "53.3498",
    "lisbon": "38.7223",
    "paris": "48.8566",
    "vienna": "48.2082",
    "copenhagen": "55.6761",
}


class Weather:
    """Open-Meteo's stand-in, with a mood for each latitude: late, or bytes that it answers."""

    def __init__(self) -> None:
        self.moods: dict[str, str | bytes] = {}
        self.asked: list[str] = []
        self._whole = create_app(Mailbox())
        self.app = Starlette(routes=[Route("/v1/forecast", self._answer)])

    async def _answer(self, request: Request) -> Response:
        latitude = request.query_params["latitude"]
        self.asked.append(latitude)
        mood = self.moods.get(latitude)
        if mood == "late":
            await asyncio.sleep(30)
        if mood == "broken":
            return Response(status_code=500)
        if isinstance(mood, bytes):
            return Response(mood, media_type="application/json")
        whole = next(route for route in self._whole.routes if route.path == "/v1/forecast")  # type: ignore[attr-defined]
        request.scope["app"] = self._whole
        answer: Response = await whole.endpoint(request)  # type: ignore[attr-defined]
        return answer


@pytest.fixture
def weather() -> Weather:
    """The weather service."""
    return Weather()


@pytest.fixture
def services(weather: Weather, settings: Any) -> InProcess:
    """All services, in this process; ``down`` names those that refuse."""
    settings.WEATHER_SERVICE_URL = "http://weather.test"
    return InProcess(promo=promo_app, recco=recco_app, weather=weather.app)


@pytest.fixture(scope="session")
def five_stops(shop_data: None, django_db_blocker: Any) -> None:
    """The first tour, committed, whatever tests before this one have left of it."""
    begin = importlib.import_module("gateway.tour.migrations.0002_first_tour").begin
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        Stop.objects.all().delete()
        begin(apps, editor)


@pytest.fixture
def tour_app(five_stops: None, gateway_app: Handler) -> Handler:
    """The gateway's handler, with the first tour behind it."""
    return gateway_app
