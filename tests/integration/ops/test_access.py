"""Who may see the staff's page and switch something there: staff, and nobody else."""

import httpx
import pytest
import redis

from gateway.ops.access import PASS
from gateway.sources.switches import PURGES
from tests.integration.members.asking import token, visitor
from tests.integration.ops.conftest import signed_in_as_staff
from tests.live import Shop
from tests.switchboard import Switchboard

SWITCHES = ["/ops/faults/promo/", "/ops/faults/promo/off/", "/ops/purges/promo/"]
PAGES = ["/ops/", "/ops/live/", "/ops/reasons/"]
FORM = {"delay_ms": "800", "delay_percent": "100", "abort_percent": "100", "minutes": "10"}


def nothing_is_switched(switched: Switchboard, purges: redis.Redis) -> bool:
    """Whether Postgres holds no switch, and Redis no purge."""
    return not switched.held() and not purges.hgetall(PURGES)


@pytest.mark.parametrize("path", [*PAGES, *SWITCHES])
def test_strangers_are_asked_who_they_are(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/signin/?next=/ops/")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [*PAGES, *SWITCHES])
def test_a_member_who_is_no_staff_is_refused(member: httpx.Client, path: str) -> None:
    answer = member.get(path)
    assert answer.status_code == 403
    assert "You may not open this page." in answer.text
    assert "breaker" not in answer.text


@pytest.mark.parametrize("path", SWITCHES)
def test_a_valid_form_of_a_stranger_or_a_member_switches_nothing(
    stranger: httpx.Client,
    member: httpx.Client,
    switched: Switchboard,
    purges: redis.Redis,
    path: str,
) -> None:
    """Their token is good: it is who they are that is not."""
    for client, page, status in ((stranger, "/signin/", 302), (member, "/", 403)):
        form = {"csrfmiddlewaretoken": token(client.get(page)), **FORM}
        answer = client.post(path, data=form)
        assert answer.status_code == status
    assert nothing_is_switched(switched, purges)


def test_staff_see_the_page_and_nobody_keeps_it(staff: httpx.Client) -> None:
    for path in PAGES:
        answer = staff.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.headers["Vary"]
        assert staff.head(path).status_code == 200


@pytest.mark.parametrize("path", SWITCHES)
def test_a_form_without_its_token_switches_nothing(
    staff: httpx.Client, switched: Switchboard, purges: redis.Redis, path: str
) -> None:
    staff.get("/ops/")
    answer = staff.post(path, data=FORM)
    assert answer.status_code == 403
    assert "That form was too old" in answer.text
    assert nothing_is_switched(switched, purges)


@pytest.mark.parametrize("path", SWITCHES)
def test_a_form_from_another_site_switches_nothing(
    staff: httpx.Client, switched: Switchboard, purges: redis.Redis, path: str
) -> None:
    form = {"csrfmiddlewaretoken": token(staff.get("/ops/")), **FORM}
    answer = staff.post(path, data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert nothing_is_switched(switched, purges)


@pytest.mark.parametrize("path", SWITCHES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_switches(
    staff: httpx.Client, switched: Switchboard, purges: redis.Redis, method: str, path: str
) -> None:
    headers = {"X-CSRFToken": token(staff.get("/ops/")), "X-HTTP-Method-Override": "POST"}
    answer = staff.request(method, path, params=FORM, headers=headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert nothing_is_switched(switched, purges)


@pytest.mark.parametrize("path", ["/", "/api/home", "/books/", "/ops/", *SWITCHES])
def test_no_header_and_no_query_of_a_visitor_switches_anything(
    stranger: httpx.Client, switched: Switchboard, purges: redis.Redis, path: str
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
    assert nothing_is_switched(switched, purges)


@pytest.mark.parametrize("source", ["nobody", "PROMO", "__proto__", "page:faults"])
@pytest.mark.parametrize("switch", ["faults/{}/", "faults/{}/off/", "purges/{}/"])
def test_a_source_that_there_is_not_is_not_found(
    staff: httpx.Client, switched: Switchboard, purges: redis.Redis, switch: str, source: str
) -> None:
    form = {"csrfmiddlewaretoken": token(staff.get("/ops/")), **FORM}
    assert staff.post(f"/ops/{switch.format(source)}", data=form).status_code == 404
    assert nothing_is_switched(switched, purges)


def test_where_postgres_is_down_nobody_is_staff(shop: Shop, staff_account: str) -> None:
    """But for whoever was let in within the last minutes: the next tests."""
    nobody_there = "postgres://nobody@127.0.0.1:1/none"
    with visitor(shop.url) as client, shop.another_gateway(DATABASE_URL=nobody_there) as gateway:
        signed_in_as_staff(client)
        answer = client.get(f"{gateway.url}/ops/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "out of reach right now" in answer.text
    assert "Sources" not in answer.text


def test_whoever_was_let_in_may_look_while_postgres_is_down_and_change_nothing(
    shop: Shop, staff: httpx.Client, purges: redis.Redis
) -> None:
    csrf = token(staff.get("/ops/"))
    nobody_there = "postgres://nobody@127.0.0.1:1/none"
    with shop.another_gateway(DATABASE_URL=nobody_there) as gateway:
        page = staff.get(f"{gateway.url}/ops/")
        assert page.status_code == 200
        assert "Postgres does not answer: nothing can be changed." in page.text
        assert "the history is not known now" in page.text
        assert staff.get(f"{gateway.url}/ops/live/").status_code == 200
        for path in SWITCHES:
            form = {"csrfmiddlewaretoken": csrf, **FORM}
            assert staff.post(gateway.url + path, data=form).status_code == 503
        assert not purges.hgetall(PURGES)


@pytest.mark.parametrize("how", ["another session", "another member", "forged", "none"])
def test_a_pass_is_good_for_its_own_session_alone(
    shop: Shop, staff: httpx.Client, member: httpx.Client, how: str
) -> None:
    staff.get("/ops/")
    held = staff.cookies[PASS]
    client = member if how == "another member" else staff
    match how:
        case "another session":
            # To sign out ends all sessions, and the next one has another proof.
            staff.post("/signout/", data={"csrfmiddlewaretoken": token(staff.get("/"))})
            signed_in_as_staff(staff)
            client.cookies.set(PASS, held, domain="127.0.0.1", path="/ops/")
        case "another member":
            client.cookies.set(PASS, held, domain="127.0.0.1", path="/ops/")
        case "forged":
            client.cookies.delete(PASS)
            client.cookies.set(PASS, held[:-2] + "xx", domain="127.0.0.1", path="/ops/")
        case "none":
            client.cookies.delete(PASS)
    nobody_there = "postgres://nobody@127.0.0.1:1/none"
    with shop.another_gateway(DATABASE_URL=nobody_there) as gateway:
        assert client.get(f"{gateway.url}/ops/").status_code == 503


def test_a_pass_is_not_for_scripts_or_other_sites(staff: httpx.Client) -> None:
    said = staff.get("/ops/").headers.get_list("Set-Cookie")
    (given,) = [each for each in said if each.startswith(f"{PASS}=")]
    for word in ("HttpOnly", "SameSite=Strict", "Path=/ops/", "Max-Age=900"):
        assert word in given
