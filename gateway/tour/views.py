"""Views of the tour: the page and its JSON."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from gateway.aggregation.source import Call, Reply
from gateway.members.identity import claim, for_staff, is_staff
from gateway.runtime import runtime
from gateway.tour.joining import joined
from gateway.tour.layout import Route, tour_layout
from gateway.tour.plan import ROUTE, weather_of
from gateway.web.facts import call_from
from gateway.web.handler import native
from gateway.web.methods import safe_only
from gateway.web.pages import respond_json
from gateway.web.streamed import as_it_comes


@native
@safe_only
async def tour(request: HttpRequest) -> HttpResponseBase:
    """The cities of the tour, the way between them, and the weather in each."""
    call = call_from(request, **claim(request))
    route, staff = await _route(request, call)
    standin = "weather" in settings.STANDINS
    layout = tour_layout(route, timezone.now().date(), standin=standin)
    weather = weather_of(route.stops.value)
    return await as_it_comes(request, layout, weather, call, is_staff=lambda _: staff)


@native
@safe_only
async def api_tour(request: HttpRequest) -> HttpResponse:
    """The same composition as JSON: a fragment for each city, by its slug."""
    call = call_from(request, **claim(request))
    route, _ = await _route(request, call)
    weather = await runtime().compose(weather_of(route.stops.value), call)
    return respond_json(request, joined(route.stops, route.seconds, weather))


async def _route(request: HttpRequest, call: Call) -> tuple[Route, bool]:
    """Ask where the tour goes, under the deadline that the weather is asked under too.

    Who claims to be staff is looked up beside it; the latter says whether it is so. Raises
    ``PrimaryFailed`` where nobody can say where it goes.
    """
    said = await runtime().compose(for_staff(ROUTE, request), call)
    # It is primary, so that what is here did not fail.
    return Route(cast(Reply, said.outcomes["stops"]), said.page_seconds), is_staff(said)
