"""What strangers may write into a request, and what it must not do."""

from typing import Any

import pytest

from gateway import asgi
from tests.integration.conftest import visitor
from tests.unit.web.asking import Visit

EVIL = "evil.example"


@pytest.mark.parametrize(
    "host",
    [
        EVIL,
        f"testserver.{EVIL}",
        f"testserver:80@{EVIL}",
        "testserver:x",
        "test server",
        "",
        "[::1",
        "localhost\x00",
        "testserver/../x",
        "ä",
        "testserver,evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/signin/"])
async def test_an_odd_host_gets_400_and_is_not_sent_back(
    gateway_app: Any, host: str, path: str
) -> None:
    visit = await Visit(gateway_app, path, host=host.encode()).asked()
    assert visit.status == 400
    assert EVIL.encode() not in visit.answer


async def test_of_two_hosts_neither_is_believed(gateway_app: Any) -> None:
    visit = Visit(gateway_app, "/", headers=((b"host", b"localhost"),))
    assert (await visit.asked()).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-Host", EVIL),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", f"//{EVIL}"),
        ("X-Forwarded-Port", "1"),
        ("Forwarded", f"host={EVIL};proto=https"),
        ("X-Original-URL", "/admin/"),
        ("X-Rewrite-URL", "/admin/"),
        ("X-HTTP-Method-Override", "POST"),
        ("X-Script-Name", f"//{EVIL}"),
    ],
)
async def test_forwarding_headers_of_strangers_change_nothing(
    gateway_app: Any, name: str, value: str
) -> None:
    async with visitor(gateway_app) as client:
        plain = await client.get("/authors/")
        told = await client.get("/authors/", headers={name: value})
        moved = await client.get("/authors", headers={name: value})
    assert told.text == plain.text
    assert EVIL not in str(told.headers)
    assert (moved.status_code, moved.headers["Location"]) == (301, "/authors/")


async def test_a_root_path_of_strangers_changes_no_link(gateway_app: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(asgi, "_http", gateway_app)

    async def at_a_root(scope: Any, receive: Any, send: Any) -> None:
        await asgi.application(scope | {"root_path": f"//{EVIL}"}, receive, send)

    for path in ("/authors", "/authors/", "/signin/", "/admin/"):
        visit = await Visit(at_a_root, path).asked()
        assert visit.status in (200, 301, 302)
        assert EVIL not in visit.answer.decode() + visit.header("Location")


@pytest.mark.parametrize(
    "path",
    [
        f"//{EVIL}/authors",
        f"//{EVIL}",
        f"//{EVIL}/..",
        f"//{EVIL}/%2e%2e/authors",
        f"/\\{EVIL}/authors",
        f"///{EVIL}/authors",
        f"/http://{EVIL}/authors",
        f"/authors//{EVIL}",
        f"/{EVIL}/authors",
    ],
)
async def test_a_missing_slash_leads_nowhere_else(gateway_app: Any, path: str) -> None:
    visit = await Visit(gateway_app, path).asked()
    assert visit.status == 404
    assert visit.header("Location") == ""


async def test_a_missing_slash_keeps_the_query_and_the_site(gateway_app: Any) -> None:
    visit = Visit(gateway_app, "/books", raw_query=b"next=//evil.example&page=2")
    await visit.asked()
    assert visit.status == 301
    assert visit.header("Location") == "/books/?next=//evil.example&page=2"
