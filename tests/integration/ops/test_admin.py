"""Changing what gateways do, in the admin: judged, noted, and put back."""

import html
import re
import time

import httpx
import pytest

from deploy.local.process import wait_until
from gateway.sources.inforce import Kind
from tests.integration.members.asking import post
from tests.live import Shop
from tests.switchboard import Switchboard

SETTINGS, OFF, FAULTS = (f"/admin/ops/{each}/" for each in ("setting", "sourceoff", "fault"))
EMPTY = {"until_0": "", "until_1": "", "why": ""}
PROMO = "PROMO_TIMEOUT_SECONDS"


def send(client: httpx.Client, path: str, **fields: str) -> tuple[int, str]:
    """Send one of the admin's forms; its status, and what is said in it."""
    answer = post(client, path, form_on=path, **{**EMPTY, **fields})
    said = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', answer.text, re.DOTALL)
    return answer.status_code, html.unescape(re.sub(r"<[^>]+>", " ", " ".join(said)))


def ahead(seconds: float) -> dict[str, str]:
    """The fields for an instant so far ahead."""
    then = time.gmtime(time.time() + seconds)
    return {
        "until_0": time.strftime("%Y-%m-%d", then),
        "until_1": time.strftime("%H:%M:%S", then),
    }


def test_a_setting_is_changed_noted_shown_and_put_back(
    shop: Shop, staff: httpx.Client, switched: Switchboard
) -> None:
    assert send(staff, f"{SETTINGS}add/", name=PROMO, seconds="0.25", why="slow today")[0] == 302
    assert switched.held() == {("setting", PROMO): (0.25, None)}
    row = re.search(rf'<th scope="row">{PROMO}</th>(.*?)</tr>', staff.get("/ops/").text, re.DOTALL)
    assert row
    assert "0.25 s" in row[1]
    assert re.search(r"changed at run time by Counter \(member \d+\)", row[1])
    number = re.search(r"/admin/ops/setting/(\d+)/change/", staff.get(SETTINGS).text)
    assert number
    again = f"{SETTINGS}{number[1]}/"
    assert send(staff, f"{again}change/", seconds="0.3")[0] == 302
    assert post(staff, f"{again}delete/", form_on=f"{again}delete/", post="yes").status_code == 302
    assert switched.held() == {}
    by = switched.history()[0][3]
    assert re.fullmatch(r"Counter \(member \d+\)", by)
    assert switched.history() == [
        (PROMO, "0.4 s (default)", "0.25 s", by),
        (PROMO, "0.25 s", "0.3 s", by),
        (PROMO, "0.3 s", "0.4 s (default)", by),
    ]
    shown = html.unescape(staff.get("/ops/").text)
    assert f"changed <strong>{PROMO}</strong> from 0.4 s (default) to 0.25 s (slow today)" in shown


def test_many_are_put_back_with_a_line_for_each(staff: httpx.Client, switched: Switchboard) -> None:
    for source in ("promo", "recco"):
        assert send(staff, f"{OFF}add/", name=source)[0] == 302
    numbers = re.findall(r'name="_selected_action" value="(\d+)"', staff.get(OFF).text)
    form = {"action": "delete_selected", "_selected_action": numbers, "post": "yes"}
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', staff.get(OFF).text)
    assert token
    staff.post(OFF, data={**form, "csrfmiddlewaretoken": token[1]})
    assert switched.held() == {}
    assert [after for _, _, after, _ in switched.history()] == ["off", "off", "on", "on"]


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        (SETTINGS, {"name": PROMO, "seconds": "0.8"}, "but page home leaves it"),
        (SETTINGS, {"name": PROMO, "seconds": "0"}, "more than 0 and at most 86400."),
        (SETTINGS, {"name": PROMO, "seconds": "soon"}, "must be a number of seconds"),
        (SETTINGS, {"name": PROMO, "seconds": "nan"}, "must be a number of seconds"),
        (SETTINGS, {"name": "SECRET_KEY", "seconds": "1"}, "SECRET_KEY cannot be added here"),
        (SETTINGS, {"name": "", "seconds": "1"}, "Choose one."),
        (SETTINGS, {"name": PROMO, "seconds": "0.3", "ahead": "-60"}, "must lie in the future"),
        (OFF, {"name": "books"}, "books cannot be switched off"),
        (OFF, {"name": "nobody"}, "nobody cannot be switched off"),
        (
            FAULTS,
            {"name": "promo", "delay_ms": "100", "delay_percent": "100", "abort_percent": "0"},
            "A fault needs an end.",
        ),
        (
            FAULTS,
            {
                **{"name": "promo", "delay_ms": "0", "delay_percent": "100"},
                **{"abort_percent": "0", "ahead": "60"},
            },
            "Say what is to happen",
        ),
        (
            FAULTS,
            {
                **{"name": "promo", "delay_ms": "9", "delay_percent": "100"},
                **{"abort_percent": "0", "ahead": "7200"},
            },
            "may last for 60 min at most.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    staff: httpx.Client, switched: Switchboard, path: str, fields: dict[str, str], words: str
) -> None:
    # Reckoned here, and not when the tests were collected, which may be long ago.
    rest = {name: value for name, value in fields.items() if name != "ahead"}
    until = ahead(float(fields["ahead"])) if "ahead" in fields else {}
    status, said = send(staff, f"{path}add/", **rest, **until)
    assert (status, words in said) == (200, True), said
    assert switched.held() == {}
    assert switched.history() == []


def test_what_is_doubtful_is_done_and_said(staff: httpx.Client, switched: Switchboard) -> None:
    assert send(staff, f"{SETTINGS}add/", name=PROMO, seconds="0.1")[0] == 302
    assert "The timeout is over before connecting is" in staff.get(SETTINGS).text
    assert switched.held() != {}


def test_what_is_changed_already_is_changed_in_its_own_place(
    staff: httpx.Client, switched: Switchboard
) -> None:
    switched.put(Kind.SETTING, PROMO, 0.3)
    status, said = send(staff, f"{SETTINGS}add/", name=PROMO, seconds="0.2")
    assert status == 200
    assert "in the list already" in said


def test_a_fault_of_the_admin_is_one_as_any_other(
    staff: httpx.Client, switched: Switchboard
) -> None:
    fields = {"name": "promo", "delay_ms": "250", "delay_percent": "30", "abort_percent": "5"}
    assert send(staff, f"{FAULTS}add/", **fields, **ahead(120))[0] == 302
    value, until = switched.held()["fault", "promo"]
    assert value == {"delay_seconds": 0.25, "delay_percent": 30.0, "abort_percent": 5.0}
    assert until is not None
    assert "Delay: 250 ms for 30 % of calls" in staff.get("/ops/").text


def test_nobody_writes_the_history(staff: httpx.Client) -> None:
    assert staff.get("/admin/ops/change/").status_code == 200
    assert staff.get("/admin/ops/change/add/").status_code == 403


def test_a_change_reaches_a_gateway_that_runs_and_its_end_too(
    shop: Shop, staff: httpx.Client, switched: Switchboard
) -> None:
    def status() -> str:
        return str(httpx.get(f"{shop.url}/", trust_env=False).headers["Fragment-Status"])

    assert send(staff, f"{OFF}add/", name="arrivals", **ahead(4))[0] == 302
    assert wait_until(lambda: "arrivals;state=fallback;reason=off" in status(), 5.0)
    assert wait_until(lambda: "reason=off" not in status(), 10.0)
