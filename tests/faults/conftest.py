"""The gateways that faults are tried on, and the table at the end."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from deploy.local.redis import EmbeddedRedis
from tests.faults import report
from tests.faults.stand import PATIENCE_SECONDS, Stand
from tests.faults.upstreams import Upstreams
from tests.live import Shop
from tests.toxics import ToxicProxy

NEARLY_AT_ONCE_SECONDS = "0.03"
"""A lifetime that is over at the next page: every page then asks the shared cache."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the page did under each fault."""
    if report.ROWS:
        terminalreporter.section("what the page did")
        for line in report.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def upstreams() -> Iterator[Upstreams]:
    """Both services, as processes that misbehave as they are told."""
    with Upstreams() as upstreams:
        yield upstreams


@pytest.fixture(scope="session")
def postgres_proxy(shop: Shop) -> Iterator[ToxicProxy]:
    """A TCP port in front of the shop's Postgres, which itself listens on a Unix socket."""
    folder = parse_qs(urlsplit(shop.environment["DATABASE_URL"]).query)["host"][0]
    with ToxicProxy(Path(folder) / ".s.PGSQL.5432") as proxy:
        yield proxy


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis that nobody else uses, so that it may be filled, spoiled and emptied."""
    with EmbeddedRedis(tmp_path_factory.mktemp("faults") / "redis") as server:
        yield server


@pytest.fixture
def operator(redis_server: EmbeddedRedis) -> Iterator[redis.Redis]:
    """Somebody who may do anything in Redis, on a way of his own."""
    with redis.Redis.from_url(redis_server.url, socket_timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture(scope="session")
def redis_proxy(redis_server: EmbeddedRedis) -> Iterator[ToxicProxy]:
    """A port in front of that Redis."""
    with ToxicProxy(("127.0.0.1", redis_server.port)) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def around(
    shop: Shop, upstreams: Upstreams, postgres_proxy: ToxicProxy, redis_proxy: ToxicProxy
) -> dict[str, str]:
    """What a gateway is told so that everything around it can be broken."""
    database = urlsplit(shop.environment["DATABASE_URL"]).path
    return {
        "PROMO_SERVICE_URL": upstreams.url("promo"),
        "RECCO_SERVICE_URL": upstreams.url("recco"),
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{postgres_proxy.port}{database}",
        "REDIS_URL": f"redis://127.0.0.1:{redis_proxy.port}/0",
        "POSTGRES_POOL_SIZE": "4",
    }


@pytest.fixture(scope="session")
def stand(
    shop: Shop,
    around: dict[str, str],
    upstreams: Upstreams,
    postgres_proxy: ToxicProxy,
    redis_proxy: ToxicProxy,
) -> Iterator[Stand]:
    """A gateway without caches: every page asks everybody."""
    gateway = shop.new_gateway(**around, PROMO_FRESH_SECONDS="0", RECCO_FRESH_SECONDS="0")
    with Stand(gateway, upstreams, postgres_proxy, redis_proxy, cached=False) as stand:
        yield stand


@pytest.fixture(scope="session")
def cached_stand(
    shop: Shop,
    around: dict[str, str],
    upstreams: Upstreams,
    postgres_proxy: ToxicProxy,
    redis_proxy: ToxicProxy,
) -> Iterator[Stand]:
    """A gateway whose entries are fresh for a moment only: every page asks the cache as well."""
    fresh = {f"{name}_FRESH_SECONDS": NEARLY_AT_ONCE_SECONDS for name in ("PROMO", "RECCO")}
    gateway = shop.new_gateway(**around, **fresh, ARRIVALS_FRESH_SECONDS="0")
    with Stand(gateway, upstreams, postgres_proxy, redis_proxy, cached=True) as stand:
        yield stand


@pytest.fixture(autouse=True)
def _all_is_well_afterwards(
    upstreams: Upstreams, postgres_proxy: ToxicProxy, redis_proxy: ToxicProxy
) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    upstreams.well()
    postgres_proxy.clear()
    redis_proxy.clear()
