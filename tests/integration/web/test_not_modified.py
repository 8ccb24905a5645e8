"""A browser that has the page already is told so, and gets no more."""

from typing import Any

import pytest

from tests.integration.conftest import InProcess, visitor


async def test_the_same_page_is_not_sent_twice(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        first = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert first.status_code == 200
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    for name in ("Cache-Control", "Vary", "Gateway-Complete", "Fragment-Status", "X-Request-ID"):
        assert name in again.headers, name
    # RFC 9110, 8.6: it could only be the length of the page that is not sent.
    assert "Content-Length" not in again.headers
    assert "Content-Type" not in again.headers


@pytest.mark.parametrize("known", ["", '"another"', "garbage", "W/", '"' + "x" * 4000 + '"'])
async def test_another_page_is_sent_whole(gateway_app: Any, known: str) -> None:
    async with visitor(gateway_app) as client:
        answer = await client.get("/", headers={"If-None-Match": known})
    assert answer.status_code == 200
    assert b"</html>" in answer.content


async def test_a_page_that_changed_has_another_tag(
    gateway_app: Any, services: InProcess, settings: Any
) -> None:
    settings.PROMO_FRESH_SECONDS = 0
    async with visitor(gateway_app) as client:
        whole = await client.get("/")
        services.down.add("promo")
        lacking = await client.get("/", headers={"If-None-Match": whole.headers["ETag"]})
    assert lacking.status_code == 200
    assert "ETag" not in lacking.headers
    assert lacking.headers["Cache-Control"] == "no-store"
