from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tour.payloads import Forecast
from gateway.tour.plan import CURRENT
from tests.standins.weather import BadQuestion, forecast, weather

NOON = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
BERLIN = {"latitude": "52.52", "longitude": "13.41", "current": CURRENT}


def test_a_place_has_the_same_weather_all_day_and_another_one_another_day() -> None:
    def at(now: datetime) -> Any:
        said: Any = forecast(BERLIN, now)["current"]
        return said["temperature_2m"], said["weather_code"], said["wind_speed_10m"]

    assert at(NOON) == at(NOON + timedelta(hours=8))
    assert at(NOON) != at(NOON + timedelta(days=1))


@given(st.floats(-90, 90), st.floats(-180, 180), st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_any_weather_on_earth_is_plausible(latitude: float, longitude: float, day: date) -> None:
    said = weather(latitude, longitude, day)
    assert -60 <= said["temperature_2m"] <= 50
    assert 0 <= said["wind_speed_10m"] <= 60
    if said["weather_code"] in (71, 73, 85):
        assert said["temperature_2m"] < 1


def test_the_north_is_colder_in_january_and_the_south_in_july() -> None:
    def mean(latitude: float, day: date) -> float:
        places = [weather(latitude, east, day)["temperature_2m"] for east in range(0, 180, 5)]
        return sum(places) / len(places)

    january, july = date(2027, 1, 20), date(2027, 7, 20)
    assert mean(50, january) < mean(50, july) - 10
    assert mean(-50, january) > mean(-50, july) + 10


def test_the_gateway_can_read_what_it_says() -> None:
    answer = forecast(BERLIN, NOON)
    msgspec.convert(answer, Forecast)
    assert answer["current_units"] == {
        "time": "iso8601",
        "interval": "seconds",
        "temperature_2m": "°C",
        "weather_code": "wmo code",
        "wind_speed_10m": "km/h",
    }
    current: Any = answer["current"]
    assert current["time"] == "2026-11-20T12:00"


def test_only_what_is_asked_is_said() -> None:
    assert "current" not in forecast({"latitude": "1", "longitude": "2"}, NOON)
    said: Any = forecast(BERLIN | {"current": "weather_code"}, NOON)["current"]
    assert set(said) == {"time", "interval", "weather_code"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"latitude": "91"}, "Latitude must be in range"),
        ({"latitude": "NaN"}, "Latitude must be in range"),
        ({"longitude": "-inf"}, "Longitude must be in range"),
        ({"longitude": ""}, "'longitude' must be a number"),
        ({"latitude": "north"}, "'latitude' must be a number"),
        ({"current": "temperature_2m,mood"}, "'mood' is not known here"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(change: dict[str, str], reason: str) -> None:
    with pytest.raises(BadQuestion, match=reason):
        forecast(BERLIN | change, NOON)
