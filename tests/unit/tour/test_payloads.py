import json
from typing import Any

import msgspec
import pytest

from gateway.tour.payloads import Forecast

NOW = {"temperature_2m": 8.1, "weather_code": 3, "wind_speed_10m": 12.2}


def read(document: Any) -> Forecast:
    return msgspec.json.decode(json.dumps(document), type=Forecast)


def test_what_open_meteo_says_is_read_and_the_rest_passed_over() -> None:
    said = read(
        {
            "latitude": 52.52,
            "elevation": 38.0,
            "current_units": {
                "time": "iso8601",
                "temperature_2m": "°C",
                "weather_code": "wmo code",
                "wind_speed_10m": "km/h",
            },
            "current": {"time": "2026-11-20T12:00", "interval": 900, **NOW},
        }
    )
    assert said.current.temperature_2m == 8.1
    assert said.current.weather_code == 3


@pytest.mark.parametrize(
    "change",
    [
        {"temperature_2m": float("nan")},
        {"temperature_2m": float("inf")},
        {"temperature_2m": -96},
        {"temperature_2m": 61},
        {"temperature_2m": "8.1"},
        {"temperature_2m": None},
        {"weather_code": 100},
        {"weather_code": -1},
        {"weather_code": 2.5},
        {"wind_speed_10m": -0.1},
        {"wind_speed_10m": 451},
        {"wind_speed_10m": float("nan")},
    ],
)
def test_what_is_no_weather_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        read({"current": NOW | change})


@pytest.mark.parametrize("units", [{"temperature_2m": "°F"}, {"wind_speed_10m": "mp/h"}])
def test_other_units_are_refused_rather_than_shown_wrongly(units: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"current": NOW, "current_units": units})


@pytest.mark.parametrize("missing", sorted(NOW))
def test_nothing_may_be_missing(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"current": {name: value for name, value in NOW.items() if name != missing}})
