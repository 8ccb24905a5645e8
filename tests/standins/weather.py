"""Open-Meteo's forecast, as far as the shop asks for it; the weather itself is made up.

The same place has the same weather all day. It fits the latitude and the season, so that it looks
plausible, and it snows only where it is cold.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256

UNITS = {"temperature_2m": "°C", "weather_code": "wmo code", "wind_speed_10m": "km/h"}
INTERVAL_SECONDS = 900
DAYS_IN_A_YEAR = 365.25
COLDEST_DAY = 20
"""Of the year, in the north."""

_MILD = (0, 1, 1, 2, 2, 3, 3, 45, 51, 61, 61, 63, 80, 95)
_COLD = (0, 1, 2, 3, 3, 45, 71, 71, 73, 85)


class BadQuestion(Exception):
    """The query cannot be answered; the text says why, as Open-Meteo does."""


def forecast(query: Mapping[str, str], now: datetime) -> dict[str, object]:
    """Answer ``query`` as Open-Meteo does. Raises ``BadQuestion``.

    ``latitude`` and ``longitude`` are degrees; ``current`` names what is asked, with commas.
    """
    latitude = _degrees(query, "latitude", 90)
    longitude = _degrees(query, "longitude", 180)
    answer: dict[str, object] = {
        "latitude": round(latitude, 4),
        "longitude": round(longitude, 4),
        "generationtime_ms": 0.05,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 38.0,
    }
    if asked := _variables(query.get("current", "")):
        said = weather(latitude, longitude, now.astimezone(UTC).date())
        answer["current_units"] = {
            "time": "iso8601",
            "interval": "seconds",
            **{name: UNITS[name] for name in asked},
        }
        answer["current"] = {
            "time": _quarter_hour(now),
            "interval": INTERVAL_SECONDS,
            **{name: said[name] for name in asked},
        }
    return answer


def weather(latitude: float, longitude: float, day: date) -> dict[str, float]:
    """The weather of a place on a day: °C, a WMO code (table 4677) and km/h."""
    # Places some ten kilometres apart have the same weather.
    place = f"{latitude:.1f},{longitude:.1f},{day.isoformat()}"
    chance = sha256(place.encode()).digest()
    temperature = _of_the_season(latitude, day) + (chance[0] - 127.5) / 127.5 * 4
    codes = _COLD if temperature < 1 else _MILD
    code = codes[chance[1] % len(codes)]
    wind = 2 + (chance[2] / 255) ** 2 * 38 + (15 if code == 95 else 0)
    return {
        "temperature_2m": round(temperature, 1),
        "weather_code": code,
        "wind_speed_10m": round(wind, 1),
    }


def _of_the_season(latitude: float, day: date) -> float:
    """What one expects there on that day: cold in January in the north, in July in the south."""
    since_coldest = (day.timetuple().tm_yday - COLDEST_DAY) / DAYS_IN_A_YEAR
    swing = -math.cos(2 * math.pi * since_coldest) * 0.18 * latitude
    return 28 - 0.0068 * latitude**2 + swing


def _degrees(query: Mapping[str, str], name: str, most: int) -> float:
    given = query.get(name, "")
    try:
        degrees = float(given)
    except ValueError:
        raise BadQuestion(f"Parameter '{name}' must be a number of degrees.") from None
    # Written so that NaN is refused as well.
    if not -most <= degrees <= most:
        named = name.capitalize()
        raise BadQuestion(f"{named} must be in range of -{most} to {most}°. Given: {degrees}.")
    return degrees


def _variables(given: str) -> tuple[str, ...]:
    names = tuple(filter(None, given.split(",")))
    for name in names:
        if name not in UNITS:
            raise BadQuestion(f"Cannot read 'current': {name[:40]!r} is not known here.")
    return tuple(dict.fromkeys(names))


def _quarter_hour(now: datetime) -> str:
    now = now.astimezone(UTC)
    return now.replace(minute=now.minute - now.minute % 15).strftime("%Y-%m-%dT%H:%M")
