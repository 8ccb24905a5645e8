"""The door in front of the whole gateway: who is refused, how, and who never is."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.aggregation.limiter import Limiter, LimitRules
from gateway.storefront.art import cover_path
from gateway.web import admission
from gateway.web.handler import Handler
from tests.integration.conftest import InProcess, visitor
from tests.unit.web.asking import Visit

PAGES = ["/", "/books/", "/authors/"]
PATIENCE_SECONDS = 5.0


class Held:
    """Services that answer when they are let go."""

    def __init__(self, services: InProcess) -> None:
        self._answer = services.handle_async_request
        self.let_go = asyncio.Event()
        self.asked = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/livez":
            self.asked += 1
            await self.let_go.wait()
        return await self._answer(request)


@pytest.fixture
def held(services: InProcess, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Held:
    """Services that let nobody's page be ready before the test wants it."""
    for name in ("PROMO_TIMEOUT_SECONDS", "RECCO_TIMEOUT_SECONDS", "PAGE_BUDGET_SECONDS"):
        setattr(settings, name, PATIENCE_SECONDS)
    held = Held(services)
    monkeypatch.setattr(services, "handle_async_request", held)
    return held


@pytest.fixture
def _narrow_door(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for one page, and for one visitor who waits."""
    rules = LimitRules(start=2, least=1, most=2)
    monkeypatch.setattr(admission, "Limiter", lambda _: Limiter(rules))
    monkeypatch.setattr(admission, "AT_A_TIME", 1)


@pytest.fixture
def narrow_app(_narrow_door: None, gateway_app: Handler) -> Handler:
    """The gateway behind a narrow door, which is made narrow before the gateway is made."""
    return gateway_app


async def _filled(app: Handler, held: Held) -> tuple[Visit, Visit, list["asyncio.Task[Visit]"]]:
    """Let one visitor in and one wait."""
    inside, waiting = Visit(app, "/"), Visit(app, "/")
    tasks = [asyncio.create_task(inside.asked())]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not held.asked:
            await asyncio.sleep(0)
    tasks.append(asyncio.create_task(waiting.asked()))
    await asyncio.sleep(0)
    return inside, waiting, tasks


async def _gone(tasks: list["asyncio.Task[Visit]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("path", PAGES)
async def test_past_the_limit_a_page_is_a_503_that_says_when_to_come_back(
    narrow_app: Handler, held: Held, path: str
) -> None:
    *_, tasks = await _filled(narrow_app, held)
    async with visitor(narrow_app) as client:
        response = await client.get(path)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["Cache-Control"] == "no-store"
    assert "This shelf is out of reach right now" in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert int(response.headers["Content-Length"]) == len(response.content)
    await _gone(tasks)


async def test_past_the_limit_a_program_gets_json(narrow_app: Handler, held: Held) -> None:
    *_, tasks = await _filled(narrow_app, held)
    async with visitor(narrow_app) as client:
        response = await client.get("/api/home")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"error": "overloaded"}
    await _gone(tasks)


async def test_health_and_staff_are_let_in_however_full_it_is(
    narrow_app: Handler, held: Held
) -> None:
    *_, tasks = await _filled(narrow_app, held)
    async with visitor(narrow_app) as client:
        found = {path: await client.get(path) for path in ("/livez", "/metrics", "/signin/")}
        ready, staff = await client.get("/readyz"), await client.get("/admin/")
    assert {response.status_code for response in found.values()} == {200}
    assert ready.json()["dependencies"]["postgres"] == "ok"
    assert (staff.status_code, staff.headers["Location"]) == (302, "/admin/login/?next=/admin/")
    await _gone(tasks)


async def test_whoever_was_let_in_gets_the_pictures_too(narrow_app: Handler, held: Held) -> None:
    *_, tasks = await _filled(narrow_app, held)
    async with visitor(narrow_app) as client:
        picture = await client.get(cover_path("9780140447934", "War and Peace", "Leo Tolstoy"))
    assert picture.status_code == 200
    await _gone(tasks)


async def test_whoever_waits_is_served_when_there_is_room(narrow_app: Handler, held: Held) -> None:
    inside, waiting, tasks = await _filled(narrow_app, held)
    assert (inside.status, waiting.status) == (0, 0)
    held.let_go.set()
    await asyncio.gather(*tasks)
    assert (inside.status, waiting.status) == (200, 200)


@pytest.mark.parametrize("hangs_up", [True, False], ids=["hangs up", "is given up"])
async def test_whoever_leaves_the_queue_leaves_no_trace(
    narrow_app: Handler, held: Held, hangs_up: bool
) -> None:
    inside, waiting, tasks = await _filled(narrow_app, held)
    if hangs_up:
        waiting.leave()
    else:
        await _gone(tasks[1:])
    held.let_go.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert inside.status == 200
    assert waiting.sent == []
    after = [Visit(narrow_app, "/") for _ in range(2)]
    await asyncio.gather(*(visit.asked() for visit in after))
    assert [visit.status for visit in after] == [200, 200]


async def test_refusals_are_counted(narrow_app: Handler, held: Held) -> None:
    sample = (
        'gateway_policy_decisions_total{cause="full",decision="refused",'
        'policy="bulkhead",subject="door"}'
    )
    *_, tasks = await _filled(narrow_app, held)
    async with visitor(narrow_app) as client:
        before = _counted((await client.get("/metrics")).text, sample)
        await client.get("/")
        after = before
        async with asyncio.timeout(PATIENCE_SECONDS):
            while after == before:  # they are told of together, a moment later
                await asyncio.sleep(0.01)
                after = _counted((await client.get("/metrics")).text, sample)
    assert after == before + 1
    await _gone(tasks)


def _counted(metrics: str, sample: str) -> float:
    lines = (line for line in metrics.splitlines() if line.startswith(sample))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
