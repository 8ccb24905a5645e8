from datetime import date

import pytest

from gateway.aggregation.compose import Composition, Failed, Outcome
from gateway.aggregation.errors import CircuitOpen, SourceTimeout
from gateway.aggregation.source import Reply, State
from gateway.tour.joining import joined
from gateway.tour.payloads import Forecast
from gateway.tour.presenters import CityView, present_tour
from gateway.tour.wording import ago, day, degrees, number, sky, wind
from tests.unit.tour.stops import DAY, forecast, stop, weather

TODAY = date(2026, 11, 20)
STOPS = (stop("a"), stop("b", 55.0))


def shown(today: date = TODAY, **told: Outcome | Forecast) -> dict[str, object]:
    page: Composition = joined(Reply(STOPS), 0.0, weather(**told))
    return present_tour(STOPS, page, today)


def city(context: dict[str, object], index: int) -> CityView:
    cities = context["cities"]
    assert isinstance(cities, list)
    found = cities[index]
    assert isinstance(found, CityView)
    return found


def test_the_weather_is_said_in_words() -> None:
    view = city(shown(a=forecast(-0.4, 63, 12.4), b=forecast()), 0)
    assert (view.temperature, view.sky, view.wind) == ("0\xa0°C", "Rain", "wind 12\xa0km/h")
    assert view.symbol == "rain"
    assert view.day == "Thursday, 4\xa0March 2027"


def test_a_late_city_says_so_and_the_others_stand() -> None:
    context = shown(a=Failed(SourceTimeout("weather")), b=forecast())
    assert city(context, 0).missing == "The weather in A did not come in time."
    assert city(context, 1).temperature == "8\xa0°C"
    assert context["missing"] == "A"
    assert not context["all_missing"]
    assert not context["complete"]


def test_a_city_that_failed_says_so_in_other_words() -> None:
    context = shown(a=Failed(CircuitOpen("weather")), b=Failed(CircuitOpen("weather")))
    assert city(context, 0).missing.startswith("We cannot say at the moment what the weather in A")
    assert context["all_missing"]


def test_what_is_from_earlier_says_from_when() -> None:
    stale = Reply(forecast(), State.STALE, age=1800.0, reason="timeout")
    assert city(shown(a=stale, b=forecast()), 0).since == "30 minutes ago"


def test_an_evening_is_over_the_day_after() -> None:
    told = {"a": forecast(), "b": forecast()}
    assert not city(shown(DAY, **told), 0).over
    assert city(shown(date(2027, 3, 5), **told), 0).over


def test_no_stops_are_no_weather() -> None:
    page = joined(Reply(()), 0.0, weather())
    context = present_tour((), page, TODAY)
    assert context["cities"] == []
    assert context["chart"] is None
    assert not context["all_missing"]


@pytest.mark.parametrize("code", range(100))
def test_every_code_has_words_and_a_symbol(code: int) -> None:
    words, symbol = sky(code)
    assert words
    assert symbol in {
        "sun", "sun-cloud", "cloud", "fog", "drizzle", "rain", "snow", "thunder", "unknown",
    }  # fmt: skip


def test_numbers_are_written_as_people_write_them() -> None:
    assert degrees(-7.6) == "−8\xa0°C"
    assert degrees(-0.2) == "0\xa0°C"
    assert wind(0.2) == "no wind"
    assert day(date(2026, 11, 20)) == "Friday, 20\xa0November 2026"
    assert [ago(20), ago(600), ago(9000)] == ["a minute ago", "10 minutes ago", "2 hours ago"]
    assert [number(1), number(5), number(20)] == ["One", "Five", "20"]
