"""The blocking view: one step after another, and none of them brings it down."""

from typing import Any

import httpx
import pytest

from gateway.aggregation.compose import Fragment
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.source import Call
from gateway.storefront.compare import blocking
from gateway.storefront.compare.blocking import BlockingView
from gateway.storefront.plan import PROMO, RECCO

PROMOTIONS = {"on": "2026-11-20", "campaign": None, "banners": []}
RECOMMENDATIONS = {"items": [], "strategy": "bestsellers"}
FRAGMENTS = (Fragment("promo", PROMO), Fragment("recco", RECCO))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Both services answer; this is whom they were asked by, in order. ``down`` refuses."""
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        said = PROMOTIONS if request.url.host == "promo.test" else RECOMMENDATIONS
        return httpx.Response(200, json=said)

    monkeypatch.setattr(blocking, "blocking_transport", lambda: httpx.MockTransport(answer))
    return hosts


def view(**changes: Any) -> BlockingView:
    values: dict[str, Any] = {
        "fragments": FRAGMENTS,
        "call": Call(Deadline.after(5.0), {"limit": 6}),
        "delay_seconds": 0.0,
        "faults": {},
    }
    return BlockingView(**values | changes)


def test_one_is_asked_after_the_other(asked: list[str]) -> None:
    ours = view()
    ours.run()
    assert asked == ["promo.test", "recco.test"]
    promo, recco = ours.steps
    assert (promo.name, promo.reason, recco.name, recco.reason) == ("promo", "", "recco", "")
    assert recco.started >= promo.started + promo.seconds
    assert not ours.running


def test_a_switched_on_fault_is_felt_and_the_others_are_asked(asked: list[str]) -> None:
    ours = view(faults={"promo": FaultRule(abort_percent=100)})
    ours.run()
    assert asked == ["recco.test"]
    assert [step.reason for step in ours.steps] == ["injected", ""]


def test_a_fault_longer_than_the_source_s_time_is_a_timeout(
    asked: list[str], settings: Any
) -> None:
    settings.PROMO_TIMEOUT_SECONDS = 0.02
    ours = view(faults={"promo": FaultRule(delay_seconds=60, delay_percent=100)})
    ours.run()
    assert [step.reason for step in ours.steps] == ["timeout", ""]
    assert ours.steps[0].seconds < 2


def test_it_stops_when_nobody_waits_any_more(asked: list[str]) -> None:
    ours = view(delay_seconds=60.0)
    ours.given_up.set()
    ours.run()
    assert asked == []
    assert ours.steps == []
