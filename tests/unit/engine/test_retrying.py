import math
from random import Random

import pytest

from gateway.aggregation.budget import Budget
from gateway.aggregation.errors import BadPayload, BadStatus, CircuitOpen, SourceRefused
from gateway.aggregation.latency import Latency
from gateway.aggregation.retrying import Again, NotAgain, Retrying, decide
from tests.unit.engine.resilience import known

REFUSED = SourceRefused("promo")


def retrying(latency: Latency | None = None, *, idempotent: bool = True) -> Retrying:
    """Return what a retry is decided by; the source's median is 0.05 s."""
    return Retrying(
        Budget(),
        latency if latency is not None else known(0.05),
        Random(1),
        expected_seconds=0.4,
        idempotent=idempotent,
    )


@pytest.mark.parametrize("error", [BadPayload("promo"), BadStatus("promo", 404), CircuitOpen("p")])
def test_what_would_fail_again_is_not_tried_again(error: BadPayload) -> None:
    assert decide(error, retrying(), 0.8, 100.0) == NotAgain()


def test_a_call_that_changes_something_is_never_made_twice() -> None:
    assert decide(REFUSED, retrying(idempotent=False), 0.8, 100.0) == NotAgain()


def test_the_pause_is_a_random_share_of_the_whole() -> None:
    """Full jitter: from nothing to all of it."""
    given = retrying()
    pauses = []
    for number in range(200):
        decision = decide(REFUSED, given, 0.8, 100.0 + 11 * number)
        assert isinstance(decision, Again)
        pauses.append(decision.seconds)
    assert 0 <= min(pauses) < 0.005
    assert 0.045 < max(pauses) <= 0.05


def test_there_is_no_retry_where_the_median_does_not_fit_into_the_rest() -> None:
    assert decide(REFUSED, retrying(), 0.049, 100.0) == NotAgain("deadline")
    assert isinstance(decide(REFUSED, retrying(), 0.101, 100.0), Again)


def test_a_source_that_nobody_knows_is_expected_to_take_all_its_time() -> None:
    assert decide(REFUSED, retrying(Latency()), 0.39, 100.0) == NotAgain("deadline")
    assert isinstance(decide(REFUSED, retrying(Latency()), 0.46, 100.0), Again)


def test_retry_after_is_waited_for_if_it_fits() -> None:
    decision = decide(BadStatus("promo", 503, 0.3), retrying(), 0.5, 100.0)
    assert isinstance(decision, Again)
    assert 0.3 <= decision.seconds <= 0.35


@pytest.mark.parametrize("asked", [0.8, 120.0, 1e300, math.inf, math.nan])
def test_retry_after_that_does_not_fit_is_not_waited_for(asked: float) -> None:
    """And the source is not asked before it wants to be."""
    error = BadStatus("promo", 503, asked)
    assert decide(error, retrying(), 0.8, 100.0) == NotAgain("retry-after")


@pytest.mark.parametrize("asked", [-5.0, -math.inf, 0.0])
def test_retry_after_in_the_past_is_now(asked: float) -> None:
    decision = decide(BadStatus("promo", 503, asked), retrying(), 0.8, 100.0)
    assert isinstance(decision, Again)
    assert 0 <= decision.seconds <= 0.05


def test_a_retry_that_is_refused_for_time_costs_no_budget() -> None:
    given = retrying()
    for _ in range(10):
        decide(REFUSED, given, 0.0, 100.0)
    decisions = [decide(REFUSED, given, 0.8, 100.0) for _ in range(4)]
    assert [type(decision) for decision in decisions] == [Again, Again, Again, NotAgain]
    assert decisions[3] == NotAgain("budget")
