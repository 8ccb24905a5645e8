"""The tour's page: the stops from Postgres first, then the weather of all of them at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import QuerySet

from gateway.aggregation.compose import Fragment, Plan
from gateway.sources.http import Endpoint
from gateway.sources.orm import Query
from gateway.tour.models import MOST_STOPS
from gateway.tour.models import Stop as StopModel
from gateway.tour.payloads import Forecast, Stop

CURRENT = "temperature_2m,weather_code,wind_speed_10m"


class _Row(msgspec.Struct, frozen=True):
    slug: str
    city: str
    venue: str
    date: date
    latitude: float
    longitude: float


def _route(args: Mapping[str, Any]) -> "QuerySet[StopModel, Any]":
    columns = _Row.__struct_fields__
    stops: QuerySet[StopModel, Any] = StopModel.objects.values(*columns)
    return stops.order_by("position", "date", "slug")[:MOST_STOPS]


def _stops(rows: Sequence[_Row], args: Mapping[str, Any]) -> tuple[Stop, ...]:
    return tuple(
        Stop(row.slug, row.city, row.venue, row.date, row.latitude, row.longitude) for row in rows
    )


STOPS = Query(
    name="stops",
    select=_route,
    row=_Row,
    shape=_stops,
    payload=tuple[Stop, ...],
    timeout="BOOKS_TIMEOUT_SECONDS",
    # As long as the weather beside them; who changes the tour makes all gateways forget them.
    fresh="WEATHER_FRESH_SECONDS",
)

WEATHER = Endpoint(
    name="weather",
    service="WEATHER_SERVICE_URL",
    path="/v1/forecast",
    asks=("latitude", "longitude", "current"),
    payload=Forecast,
    timeout="WEATHER_TIMEOUT_SECONDS",
    fresh="WEATHER_FRESH_SECONDS",
)

ROUTE = Plan(
    name="tour-stops",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("stops", STOPS, primary=True),),
)


def weather_of(stops: Sequence[Stop]) -> Plan:
    """Return the plan that asks for the weather of all ``stops``: one fragment for each, by slug.

    They share one source, and so one breaker, one bulkhead and one cache. Nothing but numbers
    that come from our own Postgres goes into the question.
    """
    return Plan(
        name="tour",
        budget_seconds=settings.PAGE_BUDGET_SECONDS,
        fragments=tuple(Fragment(stop.slug, WEATHER, args=_question(stop)) for stop in stops),
    )


def _question(stop: Stop) -> Mapping[str, Any]:
    return {"latitude": stop.latitude, "longitude": stop.longitude, "current": CURRENT}
