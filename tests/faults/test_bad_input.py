"""What strangers may write, at the gateway's own port: a clear status, and nothing else happens."""

import json
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.process import wait_until
from tests.faults.page import CODE
from tests.faults.raw import Answer, request, said_to
from tests.faults.shapes import AMBIGUOUS, EVIL, FOLLOWING, LEADING_OUT, LIKE_STATIC, TOO_MUCH
from tests.faults.stand import PATIENCE_SECONDS, Stand, Visitor
from tests.live import SERVER

SOON_SECONDS = 0.5


@pytest.fixture(autouse=True)
def _the_page_is_whole_afterwards(stand: Stand) -> Iterator[None]:
    """Whatever a stranger wrote, the next visitor sees the page as it was."""
    yield
    page = stand.stranger.ask()
    assert page.complete
    assert page.parts == stand.stranger.whole.parts


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_not_read_at_all(stand: Stand, shape: str) -> None:
    """RFC 9112, 11.2: one clear refusal, and nothing of what follows counts as a request."""
    (answer,) = said_to(stand.gateway.port, AMBIGUOUS[shape] + FOLLOWING, SOON_SECONDS)
    assert answer.status in (400, 501, 505)
    assert b"smuggled" not in answer.body


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused_in_so_many_words(stand: Stand, what: str) -> None:
    """RFC 9110, 15.5 and RFC 6585, 5: there is a status for each; to hang up says nothing."""
    (answer,) = said_to(stand.gateway.port, TOO_MUCH[what], SOON_SECONDS)
    assert answer.status in (400, 413, 414, 431)


@pytest.mark.parametrize(
    "host",
    [
        "",
        EVIL,
        f"127.0.0.1.{EVIL}",
        f"127.0.0.1@{EVIL}",
        f"127.0.0.1:80@{EVIL}",
        f"127.0.0.1,{EVIL}",
        f"127.0.0.1#{EVIL}",
        "127.0.0.1:x",
        "127.0.0.1/../x",
        "[::1",
        "<script>",
        "a" * 4_000,
    ],
)
@pytest.mark.parametrize("path", ["/", "/books", "/signin/"])
def test_an_odd_host_gets_400_and_is_not_repeated(stand: Stand, host: str, path: str) -> None:
    (answer,) = said_to(stand.gateway.port, request(path, host=host))
    assert answer.status == 400
    assert EVIL not in str(answer)
    assert b"<script>" not in answer.body


@pytest.mark.parametrize(
    "header",
    [
        f"X-Forwarded-Host: {EVIL}",
        f"X-Forwarded-Server: {EVIL}",
        f"X-Forwarded-For: {EVIL}",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 1",
        f"X-Forwarded-Prefix: //{EVIL}",
        f"Forwarded: host={EVIL};proto=https",
        f"X-Host: {EVIL}",
        "X-Original-URL: /admin/",
        "X-Rewrite-URL: /admin/",
        "X-HTTP-Method-Override: POST",
        f"X-Script-Name: //{EVIL}",
        f"Daphne-Root-Path: //{EVIL}",
        "Daphne-Root-Path: /%ff%fe",
        f"Referer: http://{EVIL}/",
        f"Origin: http://{EVIL}",
        f"Cookie: {EVIL}={EVIL}",
        "Cookie: sessionid=\udcff\udcfe; csrftoken=<>",
        f"Accept-Language: {EVIL}",
        f"User-Agent: {EVIL}",
        f"traceparent: {EVIL}",
    ],
)
def test_headers_of_strangers_change_no_page(stand: Stand, header: str) -> None:
    """What is in no cache's key must not show: the next visitor would get it too."""
    whole = stand.stranger.whole
    (answer,) = said_to(stand.gateway.port, request("/", header))
    assert answer.status == 200
    assert answer.body.decode() == whole.response.text
    assert EVIL not in str(answer.lines)
    (moved,) = said_to(stand.gateway.port, request("/books", header))
    assert (moved.status, moved.header("Location")) == (301, "/books/")


def test_a_cookie_with_a_control_character_changes_no_page(stand: Stand) -> None:
    """RFC 9110, 5.5: a server may refuse it, or leave it alone."""
    (answer,) = said_to(stand.gateway.port, request("/", "Cookie: csrftoken=\x01"))
    assert answer.status == (400 if SERVER == "uvicorn" else 200)


@pytest.mark.parametrize(
    "query",
    [f"utm={EVIL}", "%ff%fe=%00", f"a={EVIL}&" * 50, "<script>=1", "%0d%0aSet-Cookie:a=b"],
)
def test_a_query_that_nobody_asked_for_changes_no_page(stand: Stand, query: str) -> None:
    (answer,) = said_to(stand.gateway.port, request(f"/?{query}"))
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert answer.body.decode() == stand.stranger.whole.response.text
    assert not answer.header("Set-Cookie")


@pytest.mark.parametrize("path", LIKE_STATIC)
def test_a_path_that_looks_static_shows_nobodys_page(stand: Stand, path: str) -> None:
    """Else a cache in front could keep a member's page for everybody."""
    session = stand.member.client.cookies["sessionid"]
    (answer,) = said_to(stand.gateway.port, request(path, f"Cookie: sessionid={session}"))
    assert answer.status in (400, 404)
    assert answer.header("Cache-Control") == "no-store"
    assert b"Ada" not in answer.body
    assert not CODE.search(answer.body.decode())


def test_a_members_page_is_for_nobody_else(stand: Stand) -> None:
    page = stand.member.ask().response
    assert "Ada" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Cookie" in page.headers["Vary"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/api/home", "/books/", "/authors/", "/livez", "/metrics"])
def test_wrong_methods_get_405(stand: Stand, method: str, path: str) -> None:
    (answer,) = said_to(stand.gateway.port, request(path, "X-Canary: canary", method=method))
    if method == "BREW" and SERVER == "uvicorn":
        assert answer.status == 501  # its parser knows all methods that there are, and no others
        return
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")
    assert b"canary" not in answer.body


@pytest.mark.parametrize(
    "target",
    [
        "/%0d%0aSet-Cookie:%20a=b",
        "/books%0d%0aSet-Cookie:%20a=b",
        "/books?a=%0d%0aSet-Cookie:%20a=b",
        "/books?%0d%0a%0d%0a<script>",
        "/books/?tag=%0d%0aSet-Cookie:%20a=b",
        "/authors?\\\\evil.example",
        "//evil.example/books",
        "///evil.example/..",
        "/\\evil.example/books",
        "/%5cevil.example/books",
        "/%2f%2fevil.example/books",
    ],
)
def test_a_target_never_becomes_a_header_or_another_site(stand: Stand, target: str) -> None:
    (answer,) = said_to(stand.gateway.port, request(target))
    assert answer.status in (301, 400, 404)
    assert not answer.header("Set-Cookie")
    assert answer.header("Location").startswith(("/books/?", "/authors/?")) or not answer.header(
        "Location"
    )
    assert b"<script>" not in answer.body


@pytest.mark.parametrize(
    "given",
    [
        f"//{EVIL}",
        f"https://{EVIL}",
        f"http:///{EVIL}",
        f"/\\{EVIL}",
        f"\t//{EVIL}",
        f"/%0d%0aLocation: //{EVIL}",
        "javascript:alert(1)",
    ],
)
def test_signing_in_leads_nowhere_else(stand: Stand, given: str) -> None:
    visitor = Visitor(stand.gateway.url)
    with visitor.client:
        response = visitor.sign_in(given)
    assert httpx.URL(response.headers["Location"]).host == ""
    assert response.headers["Location"].startswith("/")
    assert not response.headers["Location"].startswith(("//", "/\\"))


def test_a_form_without_its_token_is_refused(stand: Stand) -> None:
    for path in ("/signin/", "/signout/"):
        response = stand.stranger.client.post(stand.gateway.url + path, data={"username": EVIL})
        assert response.status_code == 403
        assert EVIL not in response.text


@pytest.mark.parametrize("path", LEADING_OUT)
def test_no_path_leads_out_of_the_static_files(stand: Stand, path: str) -> None:
    (answer,) = said_to(stand.gateway.port, request(path))
    assert answer.status in (400, 404)
    assert b"root:" not in answer.body
    assert b"DJANGO_SETTINGS" not in answer.body


FORGERIES = (
    "/%0a%7b%22event%22:%22forged%22%7d",
    "/%0d%0aforged",
    "/%e2%80%a8forged",
    "/%1b[31mforged",
    "/%22,%22event%22:%22forged",
    "/books/?tag=%0aforged",
    "/%c2%85forged",
    "/%00forged",
)


@pytest.mark.parametrize("target", FORGERIES)
def test_one_request_is_one_line_of_json(stand: Stand, target: str) -> None:
    lines = _logged(stand, request(target, 'X-Request-ID: {"event":"forged"}'))
    assert len(lines) == 1, lines
    assert lines[0]["event"] == "request"
    assert "exception" not in lines[0]


@pytest.mark.parametrize("host", [EVIL, "forged\\n"])
def test_a_refused_request_is_one_line_without_a_trace_of_code(stand: Stand, host: str) -> None:
    lines = _logged(stand, request("/", host=host))
    assert len(lines) == 1, lines
    assert "exception" not in lines[0], "a stack trace for what a stranger wrote"


def test_every_line_of_the_log_is_json(stand: Stand) -> None:
    for line in stand.gateway.said().rstrip("\n").split("\n"):
        assert isinstance(json.loads(line), dict)


def _logged(stand: Stand, data: bytes) -> list[dict[str, object]]:
    """Return the lines that a request leaves in the log. What follows it marks the end."""
    before = len(stand.gateway.said())
    (answer,) = said_to(stand.gateway.port, data)
    assert isinstance(answer, Answer)
    stand.stranger.client.get(stand.gateway.url + "/livez", headers={"X-Request-ID": "the-end"})
    assert wait_until(lambda: "the-end" in stand.gateway.said()[before:], PATIENCE_SECONDS)
    lines = [json.loads(line) for line in stand.gateway.said()[before:].rstrip("\n").split("\n")]
    return [line for line in lines if line.get("request_id") != "the-end"]
