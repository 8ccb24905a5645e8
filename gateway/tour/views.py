"""Views of the tour: the page and its JSON."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gateway.aggregation.compose import Composition
from gateway.aggregation.source import Reply
from gateway.members.identity import claim, for_staff, is_staff
from gateway.runtime import runtime
from gateway.tour.joining import joined
from gateway.tour.payloads import Stop
from gateway.tour.plan import ROUTE, weather_of
from gateway.tour.presenters import present_tour
from gateway.web.facts import call_from
from gateway.web.handler import native
from gateway.web.methods import safe_only
from gateway.web.pages import respond, respond_json


@native
@safe_only
async def tour(request: HttpRequest) -> HttpResponse:
    """The cities of the tour, the way between them, and the weather in each."""
    stops, page, staff = await _compose(request)
    context = present_tour(stops, page, timezone.now().date())
    context["standin"] = "weather" in settings.STANDINS
    return respond(request, "tour/tour.html", context, page, staff=staff)


@native
@safe_only
async def api_tour(request: HttpRequest) -> HttpResponse:
    """The same composition as JSON: a fragment for each city, by its slug."""
    _, page, _ = await _compose(request)
    return respond_json(request, page)


async def _compose(request: HttpRequest) -> tuple[tuple[Stop, ...], Composition, bool]:
    """Ask where the tour goes, then the weather of all stops, under the request's one deadline.

    Who claims to be staff is looked up beside the former; the last says whether it is so.

    Raises ``PrimaryFailed`` where nobody can say where it goes.
    """
    call = call_from(request, **claim(request))
    route = await runtime().compose(for_staff(ROUTE, request), call)
    # It is primary, so that what is here did not fail.
    stops = cast(Reply, route.outcomes["stops"])
    weather = await runtime().compose(weather_of(stops.value), call)
    return stops.value, joined(stops, route.page_seconds, weather), is_staff(route)
