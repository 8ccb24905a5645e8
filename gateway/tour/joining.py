"""Two compositions made one: the stops that were asked first, and the weather at each of them."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.aggregation.compose import Composition, Failed, Outcome
from gateway.aggregation.source import Reply, State
from gateway.tour.payloads import Evening, Stop

MOST_SECONDS = 60.0
"""For how long others may keep the page: staff who change the tour want to see it changed."""


def joined(stops: Reply, stops_seconds: float, weather: Composition) -> Composition:
    """Return the tour's composition: for each stop an ``Evening``, or what went wrong.

    An evening is as old as its older half, and stale if either is. The page took as long as both
    halves, one after the other, for the second cannot be asked without the first.
    """
    known: Mapping[str, Stop] = {stop.slug: stop for stop in stops.value}
    return Composition(
        weather.plan,
        {slug: _evening(known[slug], stops, told) for slug, told in weather.outcomes.items()},
        weather.seconds,
        stops_seconds + weather.page_seconds,
    )


def _evening(stop: Stop, stops: Reply, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Failed):
        return outcome
    now = outcome.value.current
    value = Evening(
        stop.city,
        stop.venue,
        stop.date,
        stop.latitude,
        stop.longitude,
        now.temperature_2m,
        now.weather_code,
        now.wind_speed_10m,
    )
    reply = replace(outcome, value=value, lifetime=_shorter(stops.lifetime, outcome.lifetime))
    if stops.state is State.STALE:
        age = max(stops.age, outcome.age)
        return replace(reply, state=State.STALE, age=age, lifetime=0.0, reason=stops.reason)
    return reply


def _shorter(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else min(one, other, MOST_SECONDS)
