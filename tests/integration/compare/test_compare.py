"""Three strategies, run live against the same sources."""

import asyncio
import re
from itertools import pairwise
from typing import Any

import httpx
import pytest

from gateway.runtime import runtime
from gateway.storefront.compare import views
from gateway.storefront.compare.results import Run
from gateway.storefront.compare.turnstile import Turnstile
from gateway.web.handler import Handler
from tests.integration.conftest import InProcess, visitor

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


async def run(client: httpx.AsyncClient, slower: str = "0") -> httpx.Response:
    page = await client.get("/compare/")
    found = _TOKEN.search(page.text)
    assert found
    fields = {"csrfmiddlewaretoken": found[1], "slower": slower}
    return await client.post("/compare/", data=fields)


def runs() -> dict[str, Run]:
    assert views.desk.last
    return {run.strategy: run for run in views.desk.last.runs}


async def test_a_run_asks_every_source_three_times_and_never_a_cache(
    compare_app: Handler, services: InProcess
) -> None:
    async with visitor(compare_app) as client:
        await client.get("/")
        services.requests.clear()
        page = await run(client)
    assert page.status_code == 200
    assert [request.url.host for request in services.requests] == ["promo.test", "recco.test"] * 3
    assert set(runs()) == {"blocking", "awaited", "at-once"}
    for each in runs().values():
        assert each.finished
        assert [step.name for step in each.steps] == ["promo", "recco", "membership", "arrivals"]
        assert [step.reason for step in each.steps] == [""] * 4
    assert "All at once" in page.text
    assert page.text.count('<rect class="bar"') == 12


async def test_two_wait_for_the_sum_and_the_third_for_the_maximum(compare_app: Handler) -> None:
    async with visitor(compare_app) as client:
        page = await run(client, slower="100")
    took = {name: each.seconds for name, each in runs().items()}
    assert took["blocking"] >= 0.4
    assert took["awaited"] >= 0.4
    assert took["at-once"] < 0.4
    steps = runs()["awaited"].steps
    assert all(later.started >= one.started + one.seconds - 0.001 for one, later in pairwise(steps))
    assert {step.started for step in runs()["at-once"].steps} == {0.0}
    assert "times as fast as the blocking view" in page.text


async def test_a_source_that_fails_is_shown_so_in_each_strategy(
    compare_app: Handler, services: InProcess
) -> None:
    services.down.add("promo")
    async with visitor(compare_app) as client:
        page = await run(client)
    assert page.status_code == 200
    for each in runs().values():
        reasons = {step.name: step.reason for step in each.steps}
        assert reasons == {"promo": "refused", "recco": "", "membership": "", "arrivals": ""}
    assert page.text.count("(refused)") == 3


async def test_all_sources_down_are_no_error_either(
    compare_app: Handler, services: InProcess
) -> None:
    services.down |= {"promo", "recco"}
    async with visitor(compare_app) as client:
        assert (await run(client)).status_code == 200


async def test_who_comes_while_one_is_at_it_is_told_when_to_come_again(
    compare_app: Handler, services: InProcess
) -> None:
    async with visitor(compare_app) as client:
        both = await asyncio.gather(run(client, "100"), run(client, "100"))
    assert sorted(page.status_code for page in both) == [200, 429]
    refused = max(both, key=lambda page: page.status_code)
    assert refused.headers["Retry-After"] == "1"
    assert "Somebody has just run it." in refused.text


async def test_the_next_run_waits_a_moment(compare_app: Handler) -> None:
    views.desk.turnstile = Turnstile(pause_seconds=60.0)
    async with visitor(compare_app) as client:
        assert (await run(client)).status_code == 200
        refused = await run(client)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert '<rect class="bar"' in refused.text


async def test_a_visitor_who_goes_stops_all_of_it(
    compare_app: Handler, services: InProcess
) -> None:
    async with visitor(compare_app) as client:
        form = _TOKEN.search((await client.get("/compare/")).text)
        assert form
        body = f"csrfmiddlewaretoken={form[1]}&slower=200".encode()
        await gone_meanwhile(compare_app, client.cookies["csrftoken"], body)
        assert views.desk.comparing
        async with asyncio.timeout(2):
            while views.desk.comparing.lingers:
                await asyncio.sleep(0.01)
        # It had not yet asked anybody, and the next one is let in.
        assert services.requests == []
        assert (await run(client)).status_code == 200


async def gone_meanwhile(app: Handler, cookie: str, body: bytes) -> None:
    """Send the form, and go as soon as the thread is at work."""
    told = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        if told:
            return told.pop()
        while views.desk.comparing is None or not views.desk.comparing.lingers:
            await asyncio.sleep(0.005)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pytest.fail("nobody is there any more to be answered")

    headers = {
        "host": "testserver",
        "cookie": f"csrftoken={cookie}",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/compare/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)


async def test_a_run_ends_at_its_deadline_with_what_there_is(
    compare_app: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "RUN_SECONDS", 0.5)
    async with visitor(compare_app) as client:
        page = await run(client, slower="200")
    assert page.status_code == 200
    assert not runs()["at-once"].finished
    assert "There was no time left for it." in page.text


async def test_a_fault_that_is_switched_on_is_felt_in_all_three(
    compare_app: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.aggregation.faults import FaultRule

    async with visitor(compare_app) as client:
        await client.get("/compare/")
        faults = {"recco": FaultRule(abort_percent=100)}
        monkeypatch.setattr(runtime().switches, "fault", faults.get)
        await run(client)
    for each in runs().values():
        assert {s.name: s.reason for s in each.steps}["recco"] == "injected"


@pytest.mark.parametrize("slower", ["99999", "-1", "abc", "0.1", "\x00"])
async def test_only_the_delays_of_the_form_can_be_had(compare_app: Handler, slower: str) -> None:
    async with visitor(compare_app) as client:
        answer = await run(client, slower)
    assert answer.status_code == 422
    assert "Choose one of the delays below." in answer.text
    assert views.desk.last is None


async def test_a_run_needs_the_token_of_the_form(compare_app: Handler) -> None:
    async with visitor(compare_app) as client:
        assert (await client.post("/compare/", data={"slower": "0"})).status_code == 403
    assert views.desk.last is None


async def test_looking_runs_nothing(compare_app: Handler, services: InProcess) -> None:
    async with visitor(compare_app) as client:
        page = await client.get("/compare/")
        assert (await client.head("/compare/")).status_code == 200
    assert "Nobody has run it" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert services.requests == []


async def test_other_methods_are_refused(compare_app: Handler) -> None:
    async with visitor(compare_app) as client:
        await client.get("/compare/")
        answer = await client.put("/compare/", headers={"X-CSRFToken": client.cookies["csrftoken"]})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


async def test_strangers_are_asked_to_sign_in_where_it_is_not_public(
    compare_app: Handler, settings: Any
) -> None:
    settings.COMPARE_PUBLIC = False
    async with visitor(compare_app) as client:
        answer = await client.get("/compare/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/signin/?next=/compare/"
