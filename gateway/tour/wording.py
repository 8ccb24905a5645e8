"""The weather in words, and other values as people read them."""

from datetime import date
from typing import NamedTuple

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


class Sky(NamedTuple):
    """What a weather code means: in words, and the name of the symbol that is drawn for it."""

    words: str
    symbol: str


_SKIES = {
    0: Sky("Clear sky", "sun"),
    1: Sky("Mainly clear", "sun"),
    2: Sky("Partly cloudy", "sun-cloud"),
    3: Sky("Overcast", "cloud"),
    45: Sky("Fog", "fog"),
    48: Sky("Freezing fog", "fog"),
    51: Sky("Light drizzle", "drizzle"),
    53: Sky("Drizzle", "drizzle"),
    55: Sky("Dense drizzle", "drizzle"),
    56: Sky("Light freezing drizzle", "drizzle"),
    57: Sky("Freezing drizzle", "drizzle"),
    61: Sky("Light rain", "rain"),
    63: Sky("Rain", "rain"),
    65: Sky("Heavy rain", "rain"),
    66: Sky("Light freezing rain", "rain"),
    67: Sky("Freezing rain", "rain"),
    71: Sky("Light snow", "snow"),
    73: Sky("Snow", "snow"),
    75: Sky("Heavy snow", "snow"),
    77: Sky("Snow grains", "snow"),
    80: Sky("Light showers", "rain"),
    81: Sky("Showers", "rain"),
    82: Sky("Violent showers", "rain"),
    85: Sky("Light snow showers", "snow"),
    86: Sky("Snow showers", "snow"),
    95: Sky("Thunderstorm", "thunder"),
    96: Sky("Thunderstorm with hail", "thunder"),
    99: Sky("Thunderstorm with heavy hail", "thunder"),
}
"""The codes of WMO table 4677 that Open-Meteo uses."""


def sky(code: int) -> Sky:
    """Return what a WMO code means; Open-Meteo uses but some of the hundred."""
    return _SKIES.get(code) or Sky(f"Weather without a word for it (code {code})", "unknown")


def degrees(celsius: float) -> str:
    """Return ``8 °C``; below zero with a proper minus sign, and never ``-0``."""
    whole = round(celsius)
    return f"{_MINUS if whole < 0 else ''}{abs(whole)}{_SPACE}°C"


def wind(kmh: float) -> str:
    """Return ``12 km/h``, or that there is none."""
    whole = round(kmh)
    return f"wind {whole}{_SPACE}km/h" if whole else "no wind"


def day(when: date) -> str:
    """Return ``Thursday, 4 March 2027``."""
    return f"{_DAYS[when.weekday()]}, {when.day}{_SPACE}{_MONTHS[when.month - 1]} {when.year}"


def ago(seconds: float) -> str:
    """Return roughly how long ago something was."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return "a minute ago"
    return f"{minutes} minutes ago" if minutes < 90 else f"{round(minutes / 60)} hours ago"


def number(count: int) -> str:
    """Return a small number as a word, a larger one in digits."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return words[count] if count < len(words) else str(count)
