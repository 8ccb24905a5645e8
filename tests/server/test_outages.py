"""What goes down and comes back: the page is there all the while, and whole again by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from deploy.local.postgres import EmbeddedPostgres
from deploy.local.process import wait_until
from deploy.local.redis import EmbeddedRedis
from tests.live import Server, Shop, complete, database_beside
from tests.plain import NO_TLS
from tests.unit.web.fields import Item, boolean, listed

RECOVERY_SECONDS = 15.0
# A page has 0.8 s, and the machine that runs the tests is slow at times.
PAGE_SECONDS = 2.5
UNCACHED = {"PROMO_FRESH_SECONDS": "0", "RECCO_FRESH_SECONDS": "0"}


@dataclass
class Page:
    """An answer to a GET, and what it says of itself."""

    response: httpx.Response

    @property
    def whole(self) -> bool:
        return boolean(self.response.headers["Gateway-Complete"])

    @property
    def fragments(self) -> dict[str, Item]:
        return listed(self.response.headers["Fragment-Status"])

    def reason(self, name: str) -> object:
        return self.fragments[name].parameters.get("reason")

    def state(self, name: str) -> object:
        return self.fragments[name].parameters["state"]


def page(gateway: Server, path: str = "/") -> Page:
    """Ask for a page; it must be there in time, whatever is down."""
    return Page(httpx.get(gateway.url + path, timeout=PAGE_SECONDS, trust_env=False, verify=NO_TLS))


def becomes_whole(gateway: Server) -> bool:
    return wait_until(lambda: complete(gateway), RECOVERY_SECONDS)


@pytest.fixture(scope="module")
def uncached(shop: Shop) -> Iterator[Server]:
    """A gateway that asks the services for every page."""
    with shop.another_gateway(**UNCACHED) as gateway:
        assert becomes_whole(gateway)
        yield gateway


def test_a_service_that_is_stopped_is_missed_and_welcomed_back(
    shop: Shop, uncached: Server
) -> None:
    shop.promo.stop()
    try:
        without = page(uncached)
        assert without.response.status_code == 200
        assert not without.whole
        assert without.state("promo") == "fallback"
        assert without.reason("promo") == "refused"
        assert without.state("recco") == "live"
    finally:
        shop.promo.start()
    assert becomes_whole(uncached)


def test_a_service_that_hangs_is_missed_and_welcomed_back(shop: Shop, uncached: Server) -> None:
    shop.recco.pause()
    try:
        without = page(uncached)
        assert without.response.status_code == 200
        assert without.state("promo") == "live"
        assert without.reason("recco") == "timeout"
    finally:
        shop.recco.resume()
    assert becomes_whole(uncached)


@dataclass
class Ground:
    """A Postgres and a Redis of their own, and a gateway that stands on them."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    gateway: Server


@pytest.fixture(scope="module")
def cold(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A gateway that was started while neither its Postgres, its Redis nor a service was up."""
    folder = tmp_path_factory.mktemp("ground")
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    redis = EmbeddedRedis(folder / "redis")
    try:
        redis.start()
        database_url = database_beside(postgres.start(), "ground_shop")
        shop.prepare(DATABASE_URL=database_url)
        postgres.stop()
        redis.stop()
        shop.promo.stop()
        shop.recco.stop()
        around = {"DATABASE_URL": database_url, "REDIS_URL": redis.url}
        with shop.another_gateway(**around, **UNCACHED) as gateway:
            yield Ground(postgres, redis, gateway)
    finally:
        postgres.stop()
        redis.stop()


# The tests below go through one life of a gateway, in their order: each leaves it whole.


def test_a_cold_start_survives_and_says_what_is_missing(cold: Ground, shop: Shop) -> None:
    gateway = cold.gateway
    try:
        assert gateway.status("/livez") == 200
        said = httpx.get(f"{gateway.url}/readyz", trust_env=False, verify=NO_TLS)
        assert said.status_code == 503
        assert said.json()["status"] == "starting"
        assert said.json()["dependencies"] == {
            "postgres": "refused",
            "redis": "refused",
            "promo": "refused",
            "recco": "refused",
        }
        without = page(gateway)
        assert without.response.status_code == 200
        assert {without.state(name) for name in without.fragments} <= {"fallback", "live"}
        assert not without.whole
        books = page(gateway, "/books/")
        assert books.response.status_code == 503
        assert int(books.response.headers["Retry-After"]) > 0
        assert not books.whole
        assert "out of reach" in books.response.text
        assert gateway.running()
    finally:
        for part in (shop.promo, shop.recco, cold.postgres, cold.redis):
            part.start()
    assert becomes_whole(gateway)
    said = httpx.get(f"{gateway.url}/readyz", trust_env=False, verify=NO_TLS)
    assert said.status_code == 200
    assert set(said.json()["dependencies"].values()) == {"ok"}


def test_without_postgres_the_rest_of_the_page_is_there(cold: Ground) -> None:
    cold.postgres.stop()
    try:
        without = page(cold.gateway)
        assert without.response.status_code == 200
        assert not without.whole
        assert without.state("arrivals") == "fallback"
        assert {without.state("promo"), without.state("recco")} <= {"live", "fresh"}
        assert page(cold.gateway, "/books/").response.status_code == 503
        # It was ready once: one that all gateways miss must not take all of them out.
        assert cold.gateway.status("/readyz") == 200
    finally:
        cold.postgres.start()
    assert becomes_whole(cold.gateway)
    assert page(cold.gateway, "/books/").response.status_code == 200


def test_without_redis_nothing_is_missing(cold: Ground) -> None:
    """The shared cache is a help, no source: what it does not give is asked for."""
    cold.redis.stop()
    try:
        without = page(cold.gateway)
        assert without.response.status_code == 200
        assert without.whole
        assert cold.gateway.status("/readyz") == 200
    finally:
        cold.redis.start()
    assert becomes_whole(cold.gateway)


def test_no_outage_has_left_a_trace_for_visitors_or_a_crash(cold: Ground) -> None:
    assert cold.gateway.running()
    assert "Traceback" not in page(cold.gateway).response.text
    assert "fragment.crashed" not in cold.gateway.said()
