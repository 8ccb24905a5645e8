"""The name of a visitor who is nobody's member: random, signed, and for this browser alone."""

import re
from typing import Any

import pytest
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import path

from gateway.urls import handler400, handler403, handler404, handler500
from gateway.web import guests
from gateway.web.guests import AGE_SECONDS, COOKIE, greet, guest_of
from gateway.web.handler import Handler, native
from tests.unit.web.asking import Visit

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def request_with(**cookies: str) -> HttpRequest:
    """A request of somebody who has these cookies."""
    request = HttpRequest()
    request.COOKIES.update(cookies)
    return request


def cookie_of(request: HttpRequest) -> Any:
    """The cookie that the answer sets; None if it sets none."""
    response = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    greet(request, response)
    return response.cookies.get(COOKIE)


def name_of(cookie: str) -> str:
    """What the bearer of a cookie is called."""
    return guest_of(request_with(**{COOKIE: cookie}))


def given() -> tuple[str, str]:
    """A new guest's name and cookie."""
    request = request_with()
    name = guest_of(request)
    return name, cookie_of(request).value


def test_a_stranger_gets_a_name_that_stays_for_the_request() -> None:
    request = request_with()
    name = guest_of(request)
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert guest_of(request) == name
    assert guest_of(request_with()) != name


def test_whoever_brings_the_cookie_keeps_the_name_and_gets_no_other_cookie() -> None:
    name, cookie = given()
    request = request_with(**{COOKIE: cookie})
    assert guest_of(request) == name
    assert cookie_of(request) is None


def test_whoever_was_not_asked_for_a_name_gets_no_cookie() -> None:
    assert cookie_of(request_with()) is None


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(https: bool, settings: Any) -> None:
    settings.HTTPS_ONLY = https
    request = request_with()
    guest_of(request)
    cookie = cookie_of(request)
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) is https
    assert cookie["max-age"] == AGE_SECONDS
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def test_an_answer_with_a_new_name_is_nobodys_to_keep() -> None:
    request, response = request_with(), HttpResponse(headers={"Cache-Control": "public"})
    guest_of(request)
    greet(request, response)
    assert response.headers["Cache-Control"] == "no-store"


def _tampered() -> list[str]:
    name, cookie = given()
    other, _ = given()
    flipped = cookie[:-1] + ("A" if cookie[-1] != "A" else "B")
    foreign = signing.get_cookie_signer(salt="sessionid" + COOKIE).sign(name)
    misshapen = signing.get_cookie_signer(salt=COOKIE + COOKIE).sign("x" * 32)
    long = signing.get_cookie_signer(salt=COOKIE + COOKIE).sign("a" * 33)
    return [
        "", name, cookie.replace(name, other), flipped, cookie.partition(":")[0],
        cookie + ":", "\0", "ä" * 40, "a" * 9000, foreign, misshapen, long,
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(12))
def test_a_cookie_that_we_did_not_sign_names_nobody(number: int) -> None:
    cookie = _tampered()[number]
    request = request_with(**{COOKIE: cookie})
    name = guest_of(request)
    assert name not in cookie
    assert name_of(cookie_of(request).value) == name


def test_a_cookie_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    name, cookie = given()
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + AGE_SECONDS - 10)
    assert name_of(cookie) == name
    monkeypatch.setattr(signing.time, "time", lambda: now + AGE_SECONDS + 10)
    assert name_of(cookie) != name


def test_another_secret_knows_no_guest(settings: Any) -> None:
    name, cookie = given()
    settings.SECRET_KEY = "another-secret-" + "y" * 40
    assert name_of(cookie) != name


@native
async def asks(request: HttpRequest) -> HttpResponse:
    return HttpResponse(guests.guest_of(request))


@native
async def does_not_ask(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"hello")


def asks_in_a_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(guests.guest_of(request))


urlpatterns = [
    path("asks", asks),
    path("asks-in-a-thread", asks_in_a_thread),
    path("hello", does_not_ask),
]


@pytest.mark.parametrize("where", ["/asks", "/asks-in-a-thread"])
async def test_the_middleware_sets_the_cookie_once(where: str, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    handler = Handler()
    first = await Visit(handler, where).asked()
    cookie = first.header("Set-Cookie").partition(";")[0].encode()
    again = await Visit(handler, where, headers=((b"cookie", cookie),)).asked()
    assert again.answer == first.answer
    assert again.header("Set-Cookie") == ""
    assert (await Visit(handler, "/hello").asked()).header("Set-Cookie") == ""
