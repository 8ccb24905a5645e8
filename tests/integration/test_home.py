"""The home page, whole and with parts missing."""

from typing import Any

from tests.integration.conftest import InProcess, visitor


async def test_the_page_is_complete_when_all_is_well(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get("/api/home")
    page = response.json()
    assert response.headers["Gateway-Complete"] == "?1"
    assert page["complete"]
    assert list(page["fragments"]) == ["promo", "recco", "membership", "arrivals"]
    assert page["fragments"]["promo"]["value"]["banners"]
    assert len(page["fragments"]["recco"]["value"]["items"]) == 6
    assert len(page["fragments"]["arrivals"]["value"]) == 6
    assert page["fragments"]["membership"]["value"] is None


async def test_a_service_that_is_down_takes_nothing_else_with_it(
    gateway_app: Any, services: InProcess
) -> None:
    services.down.add("promo")
    async with visitor(gateway_app) as client:
        response = await client.get("/api/home")
    page = response.json()
    assert response.status_code == 200
    assert response.headers["Gateway-Complete"] == "?0"
    assert "promo;state=fallback;reason=refused" in response.headers["Fragment-Status"]
    assert response.headers["Cache-Control"] == "no-store"
    assert page["fragments"]["recco"]["state"] == "live"
