"""What the tour needs of its sources: where it goes, and the weather there.

The bounds of the weather are those of the Earth, a little widened: what lies beyond is a mistake
of the service, not weather. JSON has no NaN, and a number too large to be one is beyond the bounds.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Units(msgspec.Struct, frozen=True):
    """What the numbers are in. Others than these would be shown wrongly."""

    temperature_2m: Literal["°C"] = "°C"
    wind_speed_10m: Literal["km/h"] = "km/h"


class Current(msgspec.Struct, frozen=True):
    """The weather now: °C, a code of WMO table 4677, km/h."""

    temperature_2m: Annotated[float, Meta(ge=-95, le=60)]
    weather_code: Annotated[int, Meta(ge=0, le=99)]
    wind_speed_10m: Annotated[float, Meta(ge=0, le=450)]


class Forecast(msgspec.Struct, frozen=True):
    """What Open-Meteo says of a place."""

    current: Current
    current_units: Units = Units()


class Stop(msgspec.Struct, frozen=True):
    """An evening of the tour; coordinates are degrees, north and east are positive."""

    slug: str
    city: str
    venue: str
    date: date
    latitude: float
    longitude: float


class Evening(msgspec.Struct, frozen=True):
    """A stop and the weather there: what ``/api/tour`` says of a city."""

    city: str
    venue: str
    date: date
    latitude: float
    longitude: float
    temperature_celsius: float
    weather_code: int
    wind_kmh: float
