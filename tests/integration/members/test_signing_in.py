"""Signing in and out, over real sockets, with a visitor's cookies."""

from http.cookies import SimpleCookie

import httpx
import pytest

from tests.integration.members.asking import membership, post, sign_in, visitor
from tests.live import DEMO_EMAIL, DEMO_PASSWORD, Shop
from tests.plain import NO_TLS


def session_cookie(response: httpx.Response) -> dict[str, str]:
    """The flags of the session's cookie, its value under ``value``."""
    for line in response.headers.get_list("Set-Cookie"):
        for name, morsel in SimpleCookie(line).items():
            if name == "sessionid":
                return {"value": morsel.value} | {key: str(flag) for key, flag in morsel.items()}
    raise AssertionError("no session was begun")


def test_a_member_is_greeted_by_name_and_his_page_is_nobodys_to_keep(shop: Shop) -> None:
    with visitor(shop.url) as client:
        answer = sign_in(client)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        page = client.get("/")
        assert "Good to see you, Ada." in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Gateway-Complete"] == "?1"
        assert membership(client) == {"member_id": 42, "name": "Ada"}


def test_a_member_gets_recommendations_of_his_own(shop: Shop) -> None:
    with visitor(shop.url) as client:
        strangers = client.get("/api/home").json()["fragments"]["recco"]["value"]
        sign_in(client)
        own = client.get("/api/home").json()["fragments"]["recco"]["value"]
    assert own != strangers


def test_what_a_member_sees_is_not_shown_to_the_next_stranger(shop: Shop) -> None:
    with visitor(shop.url) as member, visitor(shop.url) as stranger:
        sign_in(member)
        own = member.get("/api/home").json()["fragments"]
        assert "Ada" not in stranger.get("/").text
        others = stranger.get("/api/home").json()["fragments"]
    assert others["membership"]["value"] is None
    assert others["recco"]["value"] != own["recco"]["value"]


def test_after_signing_out_the_old_cookie_is_worthless(shop: Shop) -> None:
    with visitor(shop.url) as client, visitor(shop.url) as thief:
        sign_in(client)
        thief.cookies.set("sessionid", client.cookies["sessionid"])
        assert membership(thief)["name"] == "Ada"
        answer = post(client, "/signout/", form_on="/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        assert membership(client) is None
        assert membership(thief) is None
        assert "Ada" not in thief.get("/").text


def test_signing_out_ends_the_sessions_of_all_devices(shop: Shop) -> None:
    with visitor(shop.url) as phone, visitor(shop.url) as desk:
        sign_in(phone)
        sign_in(desk)
        post(phone, "/signout/", form_on="/")
        assert membership(desk) is None


def test_a_link_cannot_sign_anybody_out(shop: Shop) -> None:
    with visitor(shop.url) as client:
        sign_in(client)
        assert client.get("/signout/").status_code == 405
        assert membership(client)["name"] == "Ada"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (DEMO_EMAIL, "wrong"),
        ("nobody@example.com", DEMO_PASSWORD),
        (DEMO_EMAIL, ""),
        ("", ""),
        (DEMO_EMAIL, DEMO_PASSWORD + "\x00"),
        ("ada@example.com\r\nBcc: x@example.com", DEMO_PASSWORD),
        ("x" * 300 + "@example.com", DEMO_PASSWORD),
        (DEMO_EMAIL, "x" * 5000),
        ("' OR 1=1 --@example.com", "x"),
    ],
)
def test_what_does_not_belong_together_signs_nobody_in(
    shop: Shop, email: str, password: str
) -> None:
    with visitor(shop.url) as client:
        answer = sign_in(client, username=email, password=password)
        assert answer.status_code == 200
        assert 'class="errors"' in answer.text or "errorlist" in answer.text
        assert "sessionid" not in client.cookies
        assert len(password) < 5 or password not in answer.text


def test_an_address_may_be_typed_in_any_case(shop: Shop) -> None:
    with visitor(shop.url) as client:
        assert sign_in(client, username=" ADA@Example.com ").status_code == 302
        assert membership(client)["name"] == "Ada"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "//evil.example/%2e%2e",
        "http:///evil.example",
        "\t//evil.example",
    ],
)
def test_next_is_not_followed_to_another_site(shop: Shop, elsewhere: str) -> None:
    with visitor(shop.url) as client:
        answer = sign_in(client, next=elsewhere)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_next_in_the_address_is_judged_too(shop: Shop) -> None:
    with visitor(shop.url) as client:
        answer = sign_in(client, "/signin/?next=//evil.example")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        assert "evil.example" not in client.get("/signin/?next=//evil.example").text


def test_next_is_followed_within_the_shop(shop: Shop) -> None:
    with visitor(shop.url) as client:
        assert sign_in(client, next="/books/?page=2").headers["Location"] == "/books/?page=2"


@pytest.mark.parametrize("path", ["/signin/", "/signout/", "/admin/login/"])
def test_a_form_without_its_token_is_refused_by_a_page_of_ours(shop: Shop, path: str) -> None:
    with visitor(shop.url) as client:
        client.get("/signin/")
        answer = client.post(path, data={"username": DEMO_EMAIL, "password": DEMO_PASSWORD})
        assert answer.status_code == 403
        assert "That form was too old" in answer.text
        assert answer.headers["X-Request-ID"] in answer.text
        assert "sessionid" not in client.cookies


def test_a_form_from_another_site_is_refused(shop: Shop) -> None:
    with visitor(shop.url) as client:
        client.headers["Origin"] = "https://evil.example"
        assert sign_in(client).status_code == 403


def test_the_page_with_the_form_is_nobodys_to_keep(shop: Shop) -> None:
    with visitor(shop.url) as client:
        caching = client.get("/signin/").headers["Cache-Control"]
    assert "no-store" in caching


def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(shop: Shop) -> None:
    with visitor(shop.url) as client:
        cookie = session_cookie(sign_in(client))
    assert cookie["httponly"] == "True"
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["secure"] == ""  # this shop runs without HTTPS


def test_a_cookie_that_was_changed_is_a_strangers(shop: Shop) -> None:
    with visitor(shop.url) as client:
        sign_in(client)
        value = client.cookies["sessionid"]
        client.cookies.clear()
        client.cookies.set("sessionid", ("x" if value[0] != "x" else "y") + value[1:])
        assert membership(client) is None
        assert client.get("/").status_code == 200


def test_with_https_all_cookies_are_for_https_alone(shop: Shop) -> None:
    """As behind an edge that ends TLS and says so; without it everything leads to HTTPS."""
    with shop.another_gateway(HTTPS_ONLY="true") as gateway:
        plain = httpx.get(f"{gateway.url}/books/?page=2", trust_env=False, verify=NO_TLS)
        assert plain.status_code == 301
        assert plain.headers["Location"] == f"https://127.0.0.1:{gateway.port}/books/?page=2"
        with visitor(gateway.url) as client:
            client.headers["X-Forwarded-Proto"] = "https"
            form = client.get("/signin/")
            assert "secure" in form.headers["Set-Cookie"].lower()
            assert form.headers["Strict-Transport-Security"].startswith("max-age=31536000")
            # The client itself keeps secure cookies from a plain connection, so they are carried.
            csrf = SimpleCookie(form.headers["Set-Cookie"])["csrftoken"].value
            client.headers["Cookie"] = f"csrftoken={csrf}"
            client.headers["Referer"] = f"https://127.0.0.1:{gateway.port}/signin/"
            assert session_cookie(sign_in(client))["secure"] == "True"
