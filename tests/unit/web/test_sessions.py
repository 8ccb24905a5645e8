"""Sessions that are read once: what is remembered of a cookie, and of which."""

import time
from typing import Any

import pytest
from django.contrib.sessions.backends import signed_cookies

from gateway.web import sessions
from gateway.web.sessions import MOST_LENGTH, REMEMBERED, REMEMBERED_SECONDS, SessionStore


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    sessions._read.clear()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cookies whose signature was checked."""
    checked: list[str] = []
    load = signed_cookies.SessionStore.load

    def noted(self: Any) -> Any:
        checked.append(self.session_key)
        return load(self)

    monkeypatch.setattr(signed_cookies.SessionStore, "load", noted)
    return checked


def cookie(**said: object) -> str:
    store = SessionStore()
    store.update(said)
    store.save()
    return str(store.session_key)


def test_it_reads_what_django_has_written_and_checks_it_once(checks: list[str]) -> None:
    theirs = signed_cookies.SessionStore()
    theirs["name"] = "Ada"
    theirs.save()
    given = theirs.session_key
    assert [SessionStore(given).get("name") for _ in range(3)] == ["Ada"] * 3
    assert checks == [given]


def test_what_one_request_changes_is_no_matter_of_the_next() -> None:
    given = cookie(names=["Ada"])
    for _ in range(2):
        store = SessionStore(given)
        store["names"].append("Grace")
        assert store["names"] == ["Ada", "Grace"]


def test_after_a_while_it_is_checked_again(
    checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = cookie(name="Ada")
    SessionStore(given).get("name")
    later = time.monotonic() + REMEMBERED_SECONDS + 1
    monkeypatch.setattr("gateway.web.sessions.time.monotonic", lambda: later)
    assert SessionStore(given).get("name") == "Ada"
    assert len(checks) == 2


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + "x", lambda c: "x" + c])
def test_a_cookie_that_is_none_of_ours_is_checked_each_time(change: Any, checks: list[str]) -> None:
    given = cookie(name="Ada")
    assert SessionStore(given).get("name") == "Ada"
    for _ in range(2):
        store = SessionStore(change(given))
        assert store.get("name") is None
        assert store.modified, "it is taken back"
    assert len(checks) == 3


def test_it_never_grows_beyond_its_bound() -> None:
    for number in range(REMEMBERED + 5):
        SessionStore(cookie(number=number)).get("number")
    assert len(sessions._read) <= REMEMBERED
    long = cookie(text="".join(map(str, range(3 * MOST_LENGTH))))
    assert SessionStore(long).get("text")
    assert long not in sessions._read
