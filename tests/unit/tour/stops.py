"""Stops and weather for tests of the tour."""

from datetime import date

from gateway.aggregation.compose import Composition, Outcome
from gateway.aggregation.source import Reply
from gateway.tour.payloads import Current, Forecast, Stop

DAY = date(2027, 3, 4)


def stop(slug: str, latitude: float = 50.0, longitude: float = 10.0, city: str = "") -> Stop:
    """A stop whose city is called as its slug, unless it has a name."""
    return Stop(slug, city or slug.title(), "A hall", DAY, latitude, longitude)


def forecast(celsius: float = 8.0, code: int = 3, wind: float = 12.0) -> Forecast:
    """What Open-Meteo might say."""
    return Forecast(Current(celsius, code, wind))


def weather(seconds: float = 0.1, **outcomes: Outcome | Forecast) -> Composition:
    """A composition of the weather; a plain forecast is a live reply."""
    whole: dict[str, Outcome] = {
        name: Reply(told) if isinstance(told, Forecast) else told for name, told in outcomes.items()
    }
    return Composition("tour", whole, dict.fromkeys(whole, seconds), seconds)
