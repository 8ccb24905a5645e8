"""What staff switch is what gateways see, and what the page shows."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from deploy.local.process import wait_until
from gateway.aggregation.background import let_go
from gateway.aggregation.faults import FaultRule
from gateway.sources.inforce import Kind
from gateway.sources.postgres import Postgres
from gateway.sources.redis_cache import SharedRedis, connect
from gateway.sources.switches import Switches
from tests.integration.members.asking import post, visitor
from tests.integration.ops.conftest import STAFF_EMAIL, signed_in_as_staff
from tests.live import Shop
from tests.plain import NO_TLS
from tests.switchboard import Switchboard

LONG_SECONDS = 10.0
FORM = {"delay_ms": "250", "delay_percent": "30", "abort_percent": "12.5", "minutes": "5"}


def switch(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send one of the page's forms."""
    return post(client, path, form_on="/ops/", **fields)


def seen(shop: Shop, source: str) -> tuple[FaultRule | None, float]:
    """The fault of ``source`` and when it was purged, as any gateway sees it at its next look."""

    async def look() -> tuple[FaultRule | None, float]:
        client = connect(shop.environment["REDIS_URL"])
        postgres = Postgres(conninfo_to_dict(shop.environment["DATABASE_URL"]), 1)
        switches = Switches(SharedRedis(client, time.time, lambda event: None), postgres)
        await switches.look()
        await let_go()
        await client.aclose()
        await postgres.close()
        return switches.fault(source), switches.purged_at(source)

    return asyncio.run(look())


def row(page: httpx.Response, name: str) -> str:
    """The words of the table's row of that name."""
    found = re.search(rf'<tr[^>]*>\s*<th scope="row">{name}</th>(.*?)</tr>', page.text, re.DOTALL)
    assert found, f"there is no row {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def events(said: str, name: str) -> list[dict[str, Any]]:
    """The events of that name in a log."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == name]


def test_a_fault_is_seen_by_every_gateway_and_ends_by_itself(
    shop: Shop, staff: httpx.Client, switched: Switchboard
) -> None:
    before = time.time()
    answer = switch(staff, "/ops/faults/promo/", **FORM)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ops/")
    assert seen(shop, "promo")[0] == FaultRule(0.25, 30.0, 12.5)
    assert seen(shop, "recco")[0] is None
    _, until = switched.held()["fault", "promo"]
    assert until is not None
    assert 300 <= until - before < 300 + LONG_SECONDS


def test_the_page_shows_the_fault_with_its_units(staff: httpx.Client) -> None:
    assert row(staff.get("/ops/"), "promo").startswith("no fault")
    switch(staff, "/ops/faults/promo/", **FORM)
    page = staff.get("/ops/")
    assert "The fault of promo begins in all gateways within 1 s." in page.text
    shown = row(page, "promo")
    assert shown.startswith("Delay: 250 ms for 30 % of calls Failing: 12.5 % of calls Until: ")
    assert re.search(r"\d\d:\d\d:\d\d UTC, \d\d \w+ \(5 min left\)", shown)
    assert row(page, "recco").startswith("no fault")


def test_a_delay_of_nothing_is_for_no_calls(shop: Shop, staff: httpx.Client) -> None:
    switch(staff, "/ops/faults/promo/", **{**FORM, "delay_ms": "0"})
    assert seen(shop, "promo")[0] == FaultRule(0.0, 0.0, 12.5)
    assert row(staff.get("/ops/"), "promo").startswith("Delay: none Failing: 12.5 % of calls")


def test_a_fault_that_is_over_is_not_shown(staff: httpx.Client, switched: Switchboard) -> None:
    switched.fault("promo", FaultRule(1.0, 100.0), -1.0)
    switched.fault("recco", FaultRule(1.0, 100.0))
    assert wait_until(lambda: "no fault" not in row(staff.get("/ops/"), "recco"), LONG_SECONDS)
    assert row(staff.get("/ops/"), "promo").startswith("no fault")


def test_a_fault_can_be_switched_off(staff: httpx.Client, switched: Switchboard) -> None:
    switch(staff, "/ops/faults/promo/", **FORM)
    assert "Switch off" in row(staff.get("/ops/"), "promo")
    assert switch(staff, "/ops/faults/promo/off/").status_code == 302
    assert switched.held() == {}
    assert "Switch off" not in row(staff.get("/ops/"), "promo")


def test_a_purge_is_seen_by_every_gateway_and_shown(shop: Shop, staff: httpx.Client) -> None:
    before = time.time()
    assert switch(staff, "/ops/purges/promo/").status_code == 302
    assert before <= seen(shop, "promo")[1] <= time.time()
    assert seen(shop, "recco")[1] == 0.0
    assert "UTC" in row(staff.get("/ops/"), "promo")


def test_a_fault_reaches_visitors_and_goes_again(shop: Shop, staff: httpx.Client) -> None:
    def authors_are_there() -> bool:
        return httpx.get(f"{shop.url}/authors/", trust_env=False, verify=NO_TLS).status_code == 200

    assert authors_are_there()
    switch(staff, "/ops/faults/authors/", **{**FORM, "delay_ms": "0", "abort_percent": "100"})
    assert wait_until(lambda: not authors_are_there(), LONG_SECONDS)
    switch(staff, "/ops/faults/authors/off/")
    assert wait_until(authors_are_there, LONG_SECONDS)


def test_each_switch_is_one_event_without_personal_data(shop: Shop, staff: httpx.Client) -> None:
    before = len(shop.gateway.said())
    switch(staff, "/ops/faults/promo/", **FORM)
    switch(staff, "/ops/faults/promo/off/")
    switch(staff, "/ops/purges/promo/")
    said = shop.gateway.said()[before:]
    (on,), (off,) = events(said, "fault.switched_on"), events(said, "fault.switched_off")
    (purged,) = events(said, "source.purged")
    assert on["source"] == off["source"] == purged["source"] == "promo"
    assert on["member_id"] == off["member_id"] == purged["member_id"]
    assert (on["delay_seconds"], on["delay_percent"], on["abort_percent"]) == (0.25, 30, 12.5)
    assert on["seconds"] == 300
    assert STAFF_EMAIL not in said


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"delay_ms": "60001"}, "must be a number from 0 to 60000."),
        ({"delay_ms": "-1"}, "must be a number from 0 to 60000."),
        ({"delay_ms": "9" * 5000}, "must be a number from 0 to 60000."),
        ({"delay_ms": "soon"}, "must be a number from 0 to 60000."),
        ({"delay_ms": ""}, "must be a number from 0 to 60000."),
        (
            {"delay_percent": "100.1"},
            "calls that are delayed, in percent, must be a number from 0 to",
        ),
        (
            {"delay_percent": "nan"},
            "calls that are delayed, in percent, must be a number from 0 to 100.",
        ),
        ({"abort_percent": "-0.1"}, "calls that fail, in percent, must be a number from 0 to 100."),
        ({"abort_percent": "inf"}, "calls that fail, in percent, must be a number from 0 to 100."),
        (
            {"abort_percent": "12\x00"},
            "calls that fail, in percent, must be a number from 0 to 100.",
        ),
        ({"minutes": "0"}, "The time, in whole minutes, must be a number from 1 to 60."),
        ({"minutes": "61"}, "The time, in whole minutes, must be a number from 1 to 60."),
        ({"minutes": "1.5"}, "The time, in whole minutes, must be a number from 1 to 60."),
        ({"delay_percent": "0"}, "Say how many calls the delay is for: more than 0 %."),
        ({"delay_ms": "0", "abort_percent": "0"}, "Say what is to happen:"),
        ({"minutes": "<script>x</script>"}, "The time, in whole minutes, must be a number"),
    ],
)
def test_what_makes_no_fault_is_said_in_a_sentence(
    staff: httpx.Client, switched: Switchboard, fields: dict[str, str], sentence: str
) -> None:
    answer = switch(staff, "/ops/faults/promo/", **{**FORM, **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert answer.text.count(" open>") == 1
    assert "<script>x" not in answer.text
    assert not switched.held()


def test_an_empty_form_is_said_in_sentences(staff: httpx.Client, switched: Switchboard) -> None:
    answer = switch(staff, "/ops/faults/promo/")
    assert answer.status_code == 422
    assert answer.text.count("must be a number from") == 4
    assert not switched.held()


def test_what_postgres_holds_may_be_nonsense(staff: httpx.Client, switched: Switchboard) -> None:
    """It is passed over, and said; switching the fault off removes it."""
    switched.put(Kind.FAULT, "promo", {"delay_seconds": "<b>"})
    said = "what was changed at run time cannot be read (unreadable)"
    assert wait_until(lambda: said in staff.get("/ops/").text, LONG_SECONDS)
    assert switch(staff, "/ops/faults/promo/off/").status_code == 302
    assert "cannot be read" not in staff.get("/ops/").text


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a Redis that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


@pytest.mark.parametrize("how", ["refused", "hung"])
def test_without_redis_the_page_says_so_and_faults_can_still_be_switched(
    shop: Shop, staff: httpx.Client, switched: Switchboard, silent: str, how: str
) -> None:
    url = silent if how == "hung" else "redis://127.0.0.1:1/0"
    with shop.another_gateway(REDIS_URL=url) as gateway, visitor(gateway.url) as client:
        assert wait_until(lambda: client.get("/").status_code == 200, LONG_SECONDS)
        signed_in_as_staff(client)
        page = client.get("/ops/")
        assert page.status_code == 200
        assert page.text.count("Redis does not answer") == 1
        assert "operations failed in the last minute" in page.text
        assert "closed" in row(page, "postgres")
        answer = switch(client, "/ops/purges/promo/")
        assert answer.status_code == 503
        assert "so nothing was changed" in answer.text
        assert answer.elapsed.total_seconds() < 2.0
        assert switch(client, "/ops/faults/promo/", **FORM).status_code == 302
        assert row(client.get("/ops/"), "promo").startswith("Delay: 250 ms")
        assert seen(shop, "promo")[0] == FaultRule(0.25, 30.0, 12.5)
        assert events(gateway.said(), "source.purged") == []


@contextmanager
def refusing_writes(url: str) -> Iterator[None]:
    """A Redis that takes no writes while the block lasts."""
    with redis.Redis.from_url(url) as client:
        client.config_set("min-replicas-to-write", 1)
        try:
            yield
        finally:
            client.config_set("min-replicas-to-write", 0)


def test_a_redis_that_takes_nothing_is_no_success(staff: httpx.Client, shop: Shop) -> None:
    """One that is full, or a replica: it answers, and refuses what is written."""
    with refusing_writes(shop.environment["REDIS_URL"]):
        answer = switch(staff, "/ops/purges/promo/")
    assert answer.status_code == 503
    assert "Redis did not confirm that." in answer.text


def test_an_open_breaker_is_shown(shop: Shop, staff: httpx.Client) -> None:
    told = {"PROMO_SERVICE_URL": "http://127.0.0.1:1", "PROMO_FRESH_SECONDS": "0"}
    with shop.another_gateway(**told) as gateway, visitor(gateway.url) as client:
        signed_in_as_staff(client)
        for _ in range(15):
            client.get("/api/home")
        page = client.get("/ops/")
    assert row(page, "PROMO_SERVICE_URL").startswith("open: ")
    assert re.match(r"closed [\d]+ calls? 0 %", row(page, "RECCO_SERVICE_URL"))
    assert re.search(r"\d+ calls 0 calls 0 calls$", row(page, "RECCO_SERVICE_URL"))
