"""The tour's page, of which the weather in each city may come late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.aggregation.compose import Composition
from gateway.aggregation.source import Reply
from gateway.tour.joining import joined
from gateway.tour.payloads import Stop
from gateway.tour.presenters import present_tour
from gateway.web.layout import Layout, Part


@dataclass(frozen=True, slots=True)
class Route:
    """Where the tour goes, as a reply, and how many seconds it took to find out."""

    stops: Reply
    seconds: float


def tour_layout(route: Route, today: date, *, standin: bool) -> Layout:
    """Return the page of a tour along ``route``. ``standin`` is whether the weather is made up."""
    stops: tuple[Stop, ...] = route.stops.value

    def present(page: Composition) -> dict[str, Any]:
        return {**present_tour(stops, page, today), "standin": standin}

    def read(weather: Composition) -> Composition:
        return joined(route.stops, route.seconds, weather)

    everywhere = tuple(stop.slug for stop in stops)
    cities = (_city(place, stop) for place, stop in enumerate(stops))
    word = Part("word", "tour/_word.html", everywhere)
    return Layout("tour/tour.html", present, (word, *cities), read, shared=False)


def _city(place: int, stop: Stop) -> Part:
    def pick(context: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"it": context["cities"][place]}

    return Part(f"stop-{place + 1}", "tour/_weather.html", (stop.slug,), pick)
