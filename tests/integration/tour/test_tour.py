"""The tour, whole and with parts missing: a city fails alone."""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from gateway.web import streamed
from gateway.web.handler import Handler
from tests.integration.conftest import InProcess, visitor
from tests.integration.tour.conftest import LATITUDES, Weather


async def get(app: Handler, path: str) -> httpx.Response:
    async with visitor(app) as client:
        return await client.get(path)


def states(response: httpx.Response) -> dict[str, str]:
    fragments: dict[str, Any] = response.json()["fragments"]
    return {name: fragment["state"] for name, fragment in fragments.items()}


async def test_all_five_are_there_in_their_order(tour_app: Handler, weather: Weather) -> None:
    response = await get(tour_app, "/api/tour")
    assert response.headers["Gateway-Complete"] == "?1"
    assert states(response) == dict.fromkeys(LATITUDES, "live")
    paris = response.json()["fragments"]["paris"]["value"]
    assert (paris["city"], paris["latitude"], paris["date"]) == ("Paris", 48.8566, "2027-03-13")
    assert -60 < paris["temperature_celsius"] < 50
    assert "dublin;state=live" in response.headers["Fragment-Status"]
    assert "dublin;dur=" in response.headers["Server-Timing"]


async def test_nothing_but_numbers_goes_into_the_question(
    tour_app: Handler, services: InProcess
) -> None:
    await get(tour_app, "/tour/?latitude=evil&city=x")
    asked = [request for request in services.requests if request.url.host == "weather.test"]
    assert len(asked) == 5
    for request in asked:
        query = parse_qs(request.url.query.decode())
        assert set(query) == {"latitude", "longitude", "current"}
        float(query["latitude"][0])
        float(query["longitude"][0])
        assert "X-Request-ID" in request.headers


async def test_a_popular_page_asks_rarely(tour_app: Handler, weather: Weather) -> None:
    for _ in range(3):
        response = await get(tour_app, "/tour/")
    assert sorted(weather.asked) == sorted(LATITUDES.values())
    assert response.headers["Cache-Control"].startswith("public, max-age=")


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("broken", "status"),
        (b'{"current": {"temperature_2m": NaN}}', "payload"),
        (b'{"error": true, "reason": "no"}', "payload"),
        (b"<html>", "payload"),
        (b"[" * 10_000, "payload"),
    ],
)
async def test_a_city_that_fails_says_so_and_the_others_stand(
    tour_app: Handler, weather: Weather, mood: Any, reason: str
) -> None:
    weather.moods[LATITUDES["paris"]] = mood
    async with visitor(tour_app) as client:
        page, data = await client.get("/tour/"), await client.get("/api/tour")
    assert page.status_code == 200
    assert "We cannot say at the moment what the weather in Paris is like." in page.text
    assert page.text.count('class="sky"') == 4
    assert page.headers["Gateway-Complete"] == "?0"
    assert page.headers["Cache-Control"] == "no-store"
    assert f"paris;state=failed;reason={reason}" in page.headers["Fragment-Status"]
    assert states(data) == dict.fromkeys(LATITUDES, "fresh") | {"paris": "failed"}


async def test_a_late_city_costs_no_more_than_the_page_s_time(
    tour_app: Handler, weather: Weather
) -> None:
    weather.moods[LATITUDES["vienna"]] = "late"
    began = time.monotonic()
    page = await get(tour_app, "/tour/")
    assert time.monotonic() - began < 2.0
    assert "The weather in Vienna did not come in time." in page.text
    assert page.text.count('class="sky"') == 4


async def test_without_any_weather_the_way_is_shown(tour_app: Handler, services: InProcess) -> None:
    services.down.add("weather")
    page = await get(tour_app, "/tour/")
    assert page.status_code == 200
    assert "There is no weather to be had at the moment." in page.text
    for city in LATITUDES:
        assert city.title() in page.text
    assert 'class="way"' in page.text


async def test_without_postgres_the_stops_of_earlier_are_shown_or_503(
    tour_app: Handler, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked before lies in the cache; who never asked has nothing to show."""
    from django.db import connections

    from gateway.runtime import close_runtime

    assert (await get(tour_app, "/tour/")).status_code == 200
    gone = {**connections["default"].get_connection_params(), "host": "127.0.0.1", "port": 1}
    gone.pop("cursor_factory", None)
    gone.pop("context", None)
    gone.pop("prepare_threshold", None)
    await close_runtime()
    monkeypatch.setattr("gateway.runtime._postgres_parameters", lambda: gone)
    kept = await get(tour_app, "/tour/")
    assert kept.status_code == 200
    assert "Copenhagen" in kept.text
    settings.WEATHER_FRESH_SECONDS = 0
    await close_runtime()
    refused = await get(tour_app, "/tour/")
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    assert (await get(tour_app, "/api/tour")).json()["fragments"]["stops"]["state"] == "failed"


async def test_the_page_says_whether_the_weather_is_made_up(
    tour_app: Handler, settings: Any
) -> None:
    settings.STANDINS = []
    real = (await get(tour_app, "/tour/")).text
    settings.STANDINS = ["weather"]
    made_up = (await get(tour_app, "/tour/")).text
    assert "Open-Meteo.com" in real
    assert "made up" not in real
    assert "This weather is made up" in made_up


@pytest.mark.parametrize("path", ["/tour/", "/api/tour"])
async def test_only_reading_is_allowed(tour_app: Handler, path: str) -> None:
    async with visitor(tour_app) as client:
        assert (await client.post(path)).status_code == 405
        assert (await client.head(path)).status_code == 200


async def test_a_crowd_asks_once_for_each_city(tour_app: Handler, weather: Weather) -> None:
    async with visitor(tour_app) as client:
        pages = await asyncio.gather(*(client.get("/api/tour") for _ in range(20)))
    assert {page.status_code for page in pages} == {200}
    assert sorted(weather.asked) == sorted(LATITUDES.values())


async def test_a_browser_does_not_wait_for_a_late_city(
    tour_app: Handler, weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "LATEST_SECONDS", 60.0)
    weather.moods[LATITUDES["vienna"]] = "late"
    async with visitor(tour_app, Accept="text/html") as client:
        page = await client.get("/tour/")
        whole = await client.get("/tour/?buffered")
    late = page.text.partition("</main>")[2]
    assert 'id="late-stop-4"' in late
    assert "The weather in Vienna did not come in time." in late
    assert "vienna;state=pending" in page.headers["Fragment-Status"]
    assert "vienna;state=failed;reason=timeout" in late
    assert "The weather in Vienna is on its way." in page.text.partition("</main>")[0]
    assert "Missing from this page right now: the weather in Vienna." in page.text
    assert "on its way" not in whole.text


async def test_without_any_weather_a_browser_is_told_so_late(
    tour_app: Handler, weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "LATEST_SECONDS", 60.0)
    weather.moods |= dict.fromkeys(LATITUDES.values(), "late")
    async with visitor(tour_app, Accept="text/html") as client:
        page = await client.get("/tour/")
    above, _, late = page.text.partition("</main>")
    assert "There is no weather to be had" not in above
    assert "There is no weather to be had at the moment." in late
    assert late.count("did not come in time.") == 5
