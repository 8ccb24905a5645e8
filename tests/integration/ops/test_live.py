"""What the staff's page tells of gateways and sources, of this gateway and of others."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest
import redis

from deploy.local.process import wait_until
from gateway.ops.live.presence import GATEWAYS
from gateway.sources.inforce import Kind
from tests.integration.members.asking import visitor
from tests.integration.ops.conftest import signed_in_as_staff
from tests.live import Server, Shop
from tests.switchboard import Switchboard

LONG_SECONDS = 15.0
BROKEN = {"PROMO_SERVICE_URL": "http://127.0.0.1:1", "PROMO_FRESH_SECONDS": "0"}


def part(page: httpx.Response, name: str) -> str:
    """The words of one part of the page."""
    found = re.search(rf'id="part-{name}".*?</(section|article)>', page.text, re.DOTALL)
    assert found, f"there is no part {name}"
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", found[0]).split()))


@pytest.fixture(scope="module")
def broken(shop: Shop, staff_account: str) -> Iterator[Server]:
    """Another gateway of the shop, for which nobody serves promotions."""
    with shop.another_gateway(**BROKEN) as gateway:
        for _ in range(15):
            httpx.get(f"{gateway.url}/", trust_env=False)
        yield gateway


@pytest.fixture
def there(broken: Server) -> Iterator[httpx.Client]:
    """One of the staff, at that other gateway."""
    with visitor(broken.url) as client:
        signed_in_as_staff(client)
        yield client


def test_the_page_alone_says_what_is_wrong_and_why(there: httpx.Client) -> None:
    for _ in range(15):
        there.get("/")
    said = part(there.get("/ops/"), "wrong")
    assert re.search(r"promo: refused since \d\d:\d\d:\d\d UTC", said)
    assert "Nobody listens at its address. It is asked at http://127.0.0.1:1." in said
    assert "It said last: ConnectionRefusedError." in said
    assert "Its breaker is open since" in said
    assert "Visitors see the stand-in of promo." in said
    card = part(there.get("/ops/"), "source-promo")
    assert "refused" in card
    assert "SourceRefused: ConnectionRefusedError" in card
    assert re.search(r"fallback [\d.]+/s", card)


def test_what_is_well_says_its_figures_with_their_units(staff: httpx.Client) -> None:
    for _ in range(5):
        staff.get("/")
    page = staff.get("/ops/")
    card = part(page, "source-membership")
    assert re.search(r"Calls [\d.]+/s, live [\d.]+/s", card)
    assert re.search(r"p50, p95, p99 [\d.]+ ms, [\d.]+ ms, [\d.]+ ms; timeout 0.3 s", card)
    assert re.search(r"Cache [\d.]+ % hits, fresh for 30 s at most", part(page, "source-promo"))
    assert 'role="img" aria-label="Calls: ' in page.text
    assert "style=" not in page.text


def test_each_gateway_shows_the_others(staff: httpx.Client, broken: Server) -> None:
    """And the figures of another one, if it is chosen."""

    def both() -> bool:
        return f"process {broken.pid}" in part(staff.get("/ops/"), "gateways")

    assert wait_until(both, LONG_SECONDS)
    page = staff.get("/ops/")
    assert "refused" not in part(page, "wrong")
    row = re.search(rf"href=\"([^\"]+)\"[^>]*>[^<]*process {broken.pid}<", page.text)
    assert row
    other = staff.get(html.unescape(row[1]))
    assert re.search(r"promo: refused since", part(other, "wrong"))
    assert f"process {broken.pid}: " in part(other, "gateways")
    live = re.search(r'data-src="([^"]+)"', other.text)
    assert live
    assert "promo: refused since" in part(staff.get(html.unescape(live[1])), "wrong")


def test_a_gateway_that_ends_takes_its_portrait_down(
    shop: Shop, staff: httpx.Client, purges: redis.Redis
) -> None:
    with shop.another_gateway() as gateway:
        httpx.get(f"{gateway.url}/readyz", trust_env=False)
        mark = f"-{gateway.pid}-".encode()
        assert wait_until(
            lambda: any(mark in name for name in purges.hkeys(GATEWAYS)), LONG_SECONDS
        )
    assert not any(mark in name for name in purges.hkeys(GATEWAYS))


def test_a_portrait_that_cannot_be_read_hurts_nobody(
    staff: httpx.Client, purges: redis.Redis
) -> None:
    purges.hset(GATEWAYS, "odd", b'{"format": 99}')
    purges.hset(GATEWAYS, "odder", b"\xff")
    try:
        page = staff.get("/ops/?gateway=odd")
        assert page.status_code == 200
        assert "The gateway that you looked at is gone" in page.text
    finally:
        purges.hdel(GATEWAYS, "odd", "odder")


def test_a_source_that_is_off_is_shown_and_felt_by_visitors(
    staff: httpx.Client, switched: Switchboard
) -> None:
    def status() -> str:
        return str(staff.get("/").headers["Fragment-Status"])

    switched.put(Kind.OFF, "recco")
    assert wait_until(lambda: "recco;state=fallback;reason=off" in status(), LONG_SECONDS)
    page = staff.get("/ops/")
    assert "recco: switched off by a test" in part(page, "wrong")
    assert "off by a test" in part(page, "switches")
    switched.remove(Kind.OFF, "recco")
    assert wait_until(lambda: "reason=off" not in status(), LONG_SECONDS)


def test_what_needs_a_restart_is_listed_without_secrets(shop: Shop, staff: httpx.Client) -> None:
    page = staff.get("/ops/").text
    assert page.count("needs a restart</td>") >= 25
    assert shop.environment["SECRET_KEY"] not in page
    assert shop.environment["REDIS_URL"] not in page
    assert shop.environment["DATABASE_URL"] not in html.unescape(page)


def test_the_reasons_are_explained(staff: httpx.Client) -> None:
    assert '<div id="content-type">' in staff.get("/ops/reasons/").text
