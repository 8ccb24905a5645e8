"""Who may see the staff's page and switch something there: staff, and nobody else."""

import httpx
import pytest
import redis

from gateway.sources.switches import FAULTS, PURGES
from tests.integration.members.asking import token, visitor
from tests.integration.ops.conftest import signed_in_as_staff
from tests.live import Shop

SWITCHES = ["/ops/faults/promo/", "/ops/faults/promo/off/", "/ops/purges/promo/"]
FORM = {"delay_ms": "800", "delay_percent": "100", "abort_percent": "100", "minutes": "10"}


def nothing_is_switched(switched: redis.Redis) -> bool:
    """Whether Redis holds neither a fault nor a purge."""
    return not switched.hgetall(FAULTS) and not switched.hgetall(PURGES)


@pytest.mark.parametrize("path", ["/ops/", *SWITCHES])
def test_strangers_are_asked_who_they_are(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/signin/?next=/ops/")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/ops/", *SWITCHES])
def test_a_member_who_is_no_staff_is_refused(member: httpx.Client, path: str) -> None:
    answer = member.get(path)
    assert answer.status_code == 403
    assert "You may not open this page." in answer.text
    assert "breaker" not in answer.text


@pytest.mark.parametrize("path", SWITCHES)
def test_a_valid_form_of_a_stranger_or_a_member_switches_nothing(
    stranger: httpx.Client, member: httpx.Client, switched: redis.Redis, path: str
) -> None:
    """Their token is good: it is who they are that is not."""
    for client, page, status in ((stranger, "/signin/", 302), (member, "/", 403)):
        form = {"csrfmiddlewaretoken": token(client.get(page)), **FORM}
        answer = client.post(path, data=form)
        assert answer.status_code == status
    assert nothing_is_switched(switched)


def test_staff_see_the_page_and_nobody_keeps_it(staff: httpx.Client) -> None:
    answer = staff.get("/ops/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]
    assert staff.head("/ops/").status_code == 200


@pytest.mark.parametrize("path", SWITCHES)
def test_a_form_without_its_token_switches_nothing(
    staff: httpx.Client, switched: redis.Redis, path: str
) -> None:
    staff.get("/ops/")
    answer = staff.post(path, data=FORM)
    assert answer.status_code == 403
    assert "That form was too old" in answer.text
    assert nothing_is_switched(switched)


@pytest.mark.parametrize("path", SWITCHES)
def test_a_form_from_another_site_switches_nothing(
    staff: httpx.Client, switched: redis.Redis, path: str
) -> None:
    form = {"csrfmiddlewaretoken": token(staff.get("/ops/")), **FORM}
    answer = staff.post(path, data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert nothing_is_switched(switched)


@pytest.mark.parametrize("path", SWITCHES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_switches(
    staff: httpx.Client, switched: redis.Redis, method: str, path: str
) -> None:
    headers = {"X-CSRFToken": token(staff.get("/ops/")), "X-HTTP-Method-Override": "POST"}
    answer = staff.request(method, path, params=FORM, headers=headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert nothing_is_switched(switched)


@pytest.mark.parametrize("path", ["/", "/api/home", "/books/", "/ops/", *SWITCHES])
def test_no_header_and_no_query_of_a_visitor_switches_anything(
    stranger: httpx.Client, switched: redis.Redis, path: str
) -> None:
    headers = {
        "x-envoy-fault-delay-request": "800",
        "x-envoy-fault-abort-request": "503",
        "x-envoy-fault-abort-request-percentage": "100",
        "X-Fault": "promo",
        "X-HTTP-Method-Override": "POST",
        "X-Original-URL": "/ops/faults/promo/",
    }
    answer = stranger.get(
        path, params={"fault": "promo", "source": "promo", **FORM}, headers=headers
    )
    assert answer.status_code in (200, 302)
    assert answer.headers.get("Gateway-Complete", "?1") == "?1"
    assert nothing_is_switched(switched)


@pytest.mark.parametrize("source", ["nobody", "PROMO", "__proto__", "page:faults"])
@pytest.mark.parametrize("switch", ["faults/{}/", "faults/{}/off/", "purges/{}/"])
def test_a_source_that_there_is_not_is_not_found(
    staff: httpx.Client, switched: redis.Redis, switch: str, source: str
) -> None:
    form = {"csrfmiddlewaretoken": token(staff.get("/ops/")), **FORM}
    assert staff.post(f"/ops/{switch.format(source)}", data=form).status_code == 404
    assert nothing_is_switched(switched)


def test_where_postgres_is_down_nobody_is_staff(shop: Shop, staff_account: str) -> None:
    nobody_there = "postgres://nobody@127.0.0.1:1/none"
    with visitor(shop.url) as client, shop.another_gateway(DATABASE_URL=nobody_there) as gateway:
        signed_in_as_staff(client)
        answer = client.get(f"{gateway.url}/ops/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "out of reach right now" in answer.text
    assert "Sources" not in answer.text
