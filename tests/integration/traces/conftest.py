"""A gateway and both services that are told of a collector."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.process import wait_until
from tests.integration.traces.collector import Collector, collecting
from tests.live import START_SECONDS, Server, Service, Shop
from tests.standins.running import standins

__all__ = ["standins"]

UNKEPT = {
    "PROMO_FRESH_SECONDS": "0",
    "RECCO_FRESH_SECONDS": "0",
    "ARRIVALS_FRESH_SECONDS": "0",
}
"""So that every page asks everybody."""


def told_of(collector: Collector, **more: str) -> dict[str, str]:
    """What a process is told that is to send its spans there, and soon."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5",
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        **more,
    }


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """A collector of the test's own."""
    with collecting() as ours:
        yield ours


@pytest.fixture(scope="session")
def traced_services(shop: Shop, collector: Collector) -> Iterator[dict[str, str]]:
    """Both services, traced, by the variables that tell a gateway of them."""
    services = {
        name: Service(
            ["-m", f"{name}_service"], told_of(collector), shop.folder / f"traced-{name}.log"
        )
        for name in ("promo", "recco")
    }
    try:
        for service in services.values():
            service.launch()
        for service in services.values():
            assert wait_until(service.alive, START_SECONDS), service.said()
        yield {f"{name.upper()}_SERVICE_URL": each.url for name, each in services.items()}
    finally:
        for service in services.values():
            service.stop()


@pytest.fixture(scope="session")
def traced(shop: Shop, collector: Collector, traced_services: dict[str, str]) -> Iterator[Server]:
    """A gateway that is traced, as both its services are; it keeps no reply."""
    with shop.another_gateway(**told_of(collector), **UNKEPT, **traced_services) as gateway:
        yield gateway


@contextmanager
def gateway_of(shop: Shop, collector: Collector, **environment: str) -> Iterator[Server]:
    """A gateway of a test's own, that sends its spans to ``collector``."""
    with shop.another_gateway(**(told_of(collector) | UNKEPT | environment)) as gateway:
        yield gateway
