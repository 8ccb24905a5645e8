from gateway.aggregation.compose import Failed, state_of
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.source import Reply, State
from gateway.tour.joining import MOST_SECONDS, joined
from tests.unit.tour.stops import forecast, stop, weather

STOPS = Reply((stop("a"), stop("b")), State.FRESH, age=30.0, lifetime=500.0)


def test_an_evening_is_a_stop_and_its_weather() -> None:
    page = joined(STOPS, 0.02, weather(a=forecast(-3.5, 71, 9.0), b=forecast()))
    outcome = page.outcomes["a"]
    assert isinstance(outcome, Reply)
    assert (outcome.value.city, outcome.value.latitude) == ("A", 50.0)
    assert (outcome.value.temperature_celsius, outcome.value.weather_code) == (-3.5, 71)
    assert page.complete


def test_a_city_that_failed_stays_failed_and_the_others_stand() -> None:
    page = joined(STOPS, 0.02, weather(a=Failed(SourceTimeout("weather")), b=forecast()))
    assert [state_of(outcome) for outcome in page.outcomes.values()] == ["failed", "live"]
    assert not page.complete


def test_a_page_takes_as_long_as_both_halves() -> None:
    page = joined(STOPS, 0.25, weather(seconds=0.5, a=forecast(), b=forecast()))
    assert page.page_seconds == 0.75


def test_a_page_is_no_longer_good_than_its_older_half_and_never_for_long() -> None:
    told = Reply(forecast(), lifetime=20.0)
    page = joined(STOPS, 0.0, weather(a=told, b=Reply(forecast(), lifetime=900.0)))
    assert [outcome.lifetime for outcome in page.outcomes.values()] == [20.0, MOST_SECONDS]  # type: ignore[union-attr]


def test_stale_stops_make_a_stale_page() -> None:
    stale = Reply(STOPS.value, State.STALE, age=700.0, lifetime=0.0, reason="refused")
    page = joined(stale, 0.0, weather(a=forecast(), b=Reply(forecast(), State.FRESH, age=900.0)))
    assert not page.complete
    one, other = page.outcomes.values()
    assert isinstance(one, Reply)
    assert isinstance(other, Reply)
    assert (one.state, one.age, one.reason, one.lifetime) == (State.STALE, 700.0, "refused", 0.0)
    assert other.age == 900.0
