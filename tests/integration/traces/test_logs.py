"""Every line of a request bears its names, in the gateway and in both services; each is JSON."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from deploy.local.process import wait_until
from tests.integration.traces.collector import Collector
from tests.integration.traces.conftest import gateway_of
from tests.integration.traces.test_one_trace import look, warm
from tests.live import Shop

PATIENCE_SECONDS = 10.0


def lines(log: Path) -> list[dict[str, Any]]:
    """The lines of a log; each must be JSON, and an object."""
    found = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert all(isinstance(line, dict) and line["event"] for line in found)
    return found


def lines_of(log: Path, request_id: str, count: int) -> list[dict[str, Any]]:
    """The lines on a request, once there are so many."""

    def ours() -> list[dict[str, Any]]:
        return [line for line in lines(log) if line.get("request_id") == request_id]

    assert wait_until(lambda: len(ours()) >= count, PATIENCE_SECONDS), ours()
    return ours()


@pytest.mark.parametrize("known", [False, True], ids=["of our own", "of the visitor's"])
def test_what_is_done_for_a_request_is_logged_under_its_names_everywhere(
    shop: Shop, collector: Collector, traced_services: dict[str, str], known: bool
) -> None:
    trace, asked = secrets.token_hex(16), f"asked-{secrets.token_hex(4)}"
    names = {"X_Request_ID": asked, "traceparent": f"00-{trace}-{'b' * 16}-01"} if known else {}
    broken = {**traced_services, "PROMO_SERVICE_URL": "http://127.0.0.1:1"}
    with gateway_of(shop, collector, **broken) as gateway:
        warm(gateway)
        answer = look(gateway, **names)
        request_id = answer.headers["X-Request-ID"]
        found = lines_of(gateway.log, request_id, 2)
    assert {line["event"] for line in found} >= {"request", "fallback.served"}
    expected = trace if known else request_id
    assert {line["trace_id"] for line in found} == {expected}
    recco = lines_of(shop.folder / "traced-recco.log", request_id, 1)
    assert {line["trace_id"] for line in recco} == {expected}
