"""From the tour's composition to what its template shows: plain frozen values."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.aggregation.compose import Composition, Outcome, reason_of
from gateway.aggregation.source import Reply, State
from gateway.tour.chart import chart_of
from gateway.tour.payloads import Stop
from gateway.tour.wording import ago, day, degrees, number, sky, wind

LATE = ("timeout", "cancelled")


@dataclass(frozen=True, slots=True)
class CityView:
    """A stop in the list. ``missing`` is a sentence where its weather is not there.

    ``pending`` says that it may still come: the page comes bit by bit.
    """

    number: int
    city: str
    venue: str
    iso_date: str
    day: str
    over: bool
    missing: str = ""
    symbol: str = ""
    sky: str = ""
    temperature: str = ""
    wind: str = ""
    since: str = ""
    pending: bool = False

    @property
    def part(self) -> str:
        """What this city's weather is called as a part of the page that may come late."""
        return f"stop-{self.number}"


def present_tour(stops: tuple[Stop, ...], page: Composition, today: date) -> dict[str, Any]:
    """Return the page's values: the stops in their order, the chart, and what is missing.

    A city whose weather is not in ``page`` yet is pending, which is not missing.
    """
    cities = [
        _city(place, stop, page.outcomes.get(stop.slug), today)
        for place, stop in enumerate(stops, start=1)
    ]
    missing = [city.city for city in cities if city.missing]
    return {
        "cities": cities,
        "count": number(len(cities)),
        "chart": chart_of(stops),
        "way": ", ".join(city.city for city in cities),
        "complete": page.complete,
        "missing": ", ".join(missing),
        "all_missing": bool(cities) and len(missing) == len(cities),
        "earlier": ", ".join(city.city for city in cities if city.since),
    }


def _city(place: int, stop: Stop, outcome: Outcome | None, today: date) -> CityView:
    head = (place, stop.city, stop.venue, stop.date.isoformat(), day(stop.date), stop.date < today)
    if outcome is None:
        return CityView(*head, pending=True)
    if not isinstance(outcome, Reply):
        return CityView(*head, missing=_why_missing(stop.city, reason_of(outcome)))
    said = outcome.value
    seen = sky(said.weather_code)
    return CityView(
        *head,
        symbol=seen.symbol,
        sky=seen.words,
        temperature=degrees(said.temperature_celsius),
        wind=wind(said.wind_kmh),
        since=ago(outcome.age) if outcome.state is State.STALE else "",
    )


def _why_missing(city: str, reason: str | None) -> str:
    if reason in LATE:
        return f"The weather in {city} did not come in time."
    return f"We cannot say at the moment what the weather in {city} is like."
