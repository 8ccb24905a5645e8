"""A collector that hangs or refuses costs no page anything, and is told of once."""

import json
import signal
import time

import pytest

from deploy.local.process import wait_until
from tests.integration.traces.collector import collecting
from tests.integration.traces.conftest import gateway_of
from tests.integration.traces.test_one_trace import look, warm
from tests.live import Server, Shop

PAGES = 15
EXPORT_SECONDS = 3.0
"""What an export may take: a page that waited for one would take as long."""


def said(gateway: Server, event: str) -> int:
    """How often the gateway has said that."""
    lines = [line for line in gateway.said().splitlines() if line.startswith("{")]
    return sum(json.loads(line)["event"] == event for line in lines)


def usual(gateway: Server, pages: int) -> float:
    """The seconds that most of some pages take at most, one after another."""
    taken = []
    for _ in range(pages):
        began = time.monotonic()
        look(gateway)
        taken.append(time.monotonic() - began)
    return sorted(taken)[pages * 3 // 4]


@pytest.mark.parametrize("trouble", ["hangs", "refuses"])
def test_a_collector_in_trouble_costs_no_page_anything_and_is_told_once(
    shop: Shop, trouble: str
) -> None:
    with collecting() as collector:
        collector.refusing = trouble == "refuses"
        if trouble == "hangs":
            collector.released.clear()
        # Less room than the pages have spans: what does not fit is dropped.
        room = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "32"}
        services = {
            name: shop.environment[name] for name in ("PROMO_SERVICE_URL", "RECCO_SERVICE_URL")
        }
        room["OTEL_EXPORTER_OTLP_TIMEOUT"] = str(EXPORT_SECONDS)
        with gateway_of(shop, collector, **room, **services) as gateway:
            warm(gateway)
            assert usual(gateway, PAGES) < EXPORT_SECONDS / 2
            assert wait_until(lambda: collector.asked >= 2, 15.0)
            assert wait_until(lambda: said(gateway, "traces.lost") == 1, 15.0), gateway.said()
            began = time.monotonic()
            gateway.signal(signal.SIGTERM)
            assert gateway.wait() == 0
            assert time.monotonic() - began < 6.0
            assert said(gateway, "traces.lost") == 1
            assert "Traceback" not in gateway.said()


def test_once_the_collector_is_back_that_is_told_too(shop: Shop) -> None:
    services = {name: shop.environment[name] for name in ("PROMO_SERVICE_URL", "RECCO_SERVICE_URL")}
    with collecting() as collector, gateway_of(shop, collector, **services) as gateway:
        collector.refusing = True
        look(gateway)
        assert wait_until(lambda: said(gateway, "traces.lost") == 1, 15.0), gateway.said()
        collector.refusing = False
        trace = look(gateway).headers["X-Request-ID"]
        collector.whole(trace, 1)
        assert wait_until(lambda: said(gateway, "traces.sent") == 1, 15.0), gateway.said()
