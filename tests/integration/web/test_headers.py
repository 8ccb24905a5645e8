"""What a composed page says of itself, to caches, to browsers and to those who look for faults."""

import re
from typing import Any

import pytest

from tests.integration.conftest import InProcess, visitor
from tests.unit.web.fields import boolean, listed, timings

PAGES = ["/", "/api/home", "/books/", "/authors/"]
HOME_FRAGMENTS = ["promo", "recco", "membership", "arrivals"]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize("path", PAGES)
async def test_every_composed_page_says_what_it_is_made_of(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        headers = (await client.get(path)).headers
    status = listed(headers["Fragment-Status"])
    assert boolean(headers["Gateway-Complete"]) is True
    assert {item.parameters["state"] for item in status.values()} == {"live"}
    timing = timings(headers["Server-Timing"])
    assert list(timing) == [*status, "page"]
    for name in status:
        assert timing[name].parameters["desc"] == "live"
        assert 0 <= float(timing[name].parameters["dur"]) <= timing["page"].parameters["dur"]


async def test_the_home_page_and_its_json_have_the_same_fragments(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        for path in ("/", "/api/home"):
            status = listed((await client.get(path)).headers["Fragment-Status"])
            assert list(status) == HOME_FRAGMENTS


async def test_what_was_kept_is_fresh_and_has_an_age(gateway_app: Any) -> None:
    async with visitor(gateway_app) as client:
        await client.get("/")
        headers = (await client.get("/")).headers
    promo = listed(headers["Fragment-Status"])["promo"].parameters
    assert promo == {"state": "fresh", "age": 0}
    assert boolean(headers["Gateway-Complete"]) is True


@pytest.mark.parametrize("path", ["/", "/api/home"])
async def test_a_missing_fragment_is_named_and_the_page_is_not_kept(
    gateway_app: Any, services: InProcess, path: str
) -> None:
    services.down |= {"promo", "recco"}
    async with visitor(gateway_app) as client:
        response = await client.get(path)
    status = listed(response.headers["Fragment-Status"])
    assert response.status_code == 200
    assert status["promo"].parameters == {"state": "fallback", "reason": "refused"}
    assert status["recco"].parameters == {"state": "fallback", "reason": "refused"}
    assert status["arrivals"].parameters == {"state": "live"}
    assert boolean(response.headers["Gateway-Complete"]) is False
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_strangers_page_is_public_for_no_longer_than_its_shortest_fragment(
    gateway_app: Any,
) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get("/")
    found = re.match(r"public, max-age=(\d+)", response.headers["Cache-Control"])
    assert found
    # The services' own limit, and their cache's of 30 s; what has none is good for this moment.
    assert int(found[1]) <= 30


@pytest.mark.parametrize("path", PAGES)
async def test_caches_are_told_that_a_cookie_makes_another_page(
    gateway_app: Any, path: str
) -> None:
    async with visitor(gateway_app) as client:
        vary = (await client.get(path)).headers["Vary"]
    assert "cookie" in [name.strip().lower() for name in vary.split(",")]


async def test_a_strangers_page_sets_no_cookie(gateway_app: Any) -> None:
    """A cache would hand it to the next visitor."""
    async with visitor(gateway_app) as client:
        for path in PAGES:
            assert "Set-Cookie" not in (await client.get(path)).headers


async def test_a_forged_session_is_a_strangers(gateway_app: Any) -> None:
    async with visitor(gateway_app, Cookie="sessionid=eyJfYXV0aF91c2VyX2lkIjoiNDIifQ:1:x") as asker:
        page = (await asker.get("/api/home")).json()
    assert page["fragments"]["membership"]["value"] is None


async def test_a_request_id_is_taken_over_and_sent_upstream(
    gateway_app: Any, services: InProcess
) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get("/", headers={"X-Request-ID": "from-the-edge.1"})
    assert response.headers["X-Request-ID"] == "from-the-edge.1"
    assert {each.headers["X-Request-ID"] for each in services.requests} == {"from-the-edge.1"}


@pytest.mark.parametrize(
    "given", [b"", b"x" * 200, b"a\r\nSet-Cookie: a=b", "ünïcode".encode(), b"\xff", b"a b", b"<i>"]
)
async def test_a_malformed_request_id_is_never_sent_back(
    gateway_app: Any, services: InProcess, given: bytes
) -> None:
    async with visitor(gateway_app) as client:
        response = await client.get("/", headers=[(b"X-Request-ID", given)])
    made = response.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert {each.headers["X-Request-ID"] for each in services.requests} == {made}
    assert "Set-Cookie" not in response.headers


async def test_a_trace_goes_on_upstream(gateway_app: Any, services: InProcess) -> None:
    async with visitor(gateway_app, traceparent=f"00-{TRACE}-{SPAN}-01") as client:
        await client.get("/")
    for request in services.requests:
        version, trace, span, flags = request.headers["traceparent"].split("-")
        assert (version, trace, flags) == ("00", TRACE, "01")
        assert span != SPAN


async def test_without_a_trace_one_begins(gateway_app: Any, services: InProcess) -> None:
    async with visitor(gateway_app) as client:
        await client.get("/")
    traces = {each.headers["traceparent"].split("-")[1] for each in services.requests}
    assert len(traces) == 1
    assert re.fullmatch("[0-9a-f]{32}", traces.pop())


async def test_upstreams_are_told_how_much_time_is_left(
    gateway_app: Any, services: InProcess, settings: Any
) -> None:
    async with visitor(gateway_app) as client:
        await client.get("/")
    assert len(services.requests) == 2
    for request in services.requests:
        left = int(request.headers["X-Envoy-Expected-Rq-Timeout-Ms"])
        assert 0 < left <= settings.PROMO_TIMEOUT_SECONDS * 1000


async def test_nothing_of_the_visitor_goes_upstream_but_what_is_asked(
    gateway_app: Any, services: InProcess
) -> None:
    async with visitor(gateway_app, Cookie="a=b", Authorization="Bearer x") as client:
        await client.get("/?member_id=7")
    for request in services.requests:
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        assert "member_id=7" not in str(request.url)


@pytest.mark.parametrize("path", [*PAGES, "/livez", "/signin/", "/nowhere", "/books/?page=x"])
async def test_every_answer_protects_its_reader(gateway_app: Any, path: str) -> None:
    async with visitor(gateway_app) as client:
        headers = (await client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"]
    assert headers["X-Request-ID"]
