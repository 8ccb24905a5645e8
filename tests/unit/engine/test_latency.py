import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.latency import Latency


def test_too_few_calls_say_nothing() -> None:
    latency = Latency(least=20)
    for _ in range(19):
        latency.add(0.1)
    assert latency.quantile(0.5) is None
    latency.add(0.1)
    assert latency.quantile(0.5) == 0.1


@pytest.mark.parametrize(("share", "seconds"), [(0.0, 1), (0.5, 50), (0.95, 95), (1.0, 100)])
def test_a_quantile_is_a_time_that_a_call_did_take(share: float, seconds: int) -> None:
    latency = Latency()
    for number in range(100, 0, -1):
        latency.add(number)
    assert latency.quantile(share) == seconds


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.floats(0.01, 1))
def test_only_the_latest_calls_count(times: list[float], share: float) -> None:
    latency = Latency(least=1, most=10)
    for seconds in times:
        latency.add(seconds)
    latest = sorted(times[-10:])
    assert latency.calls == len(latest)
    assert latency.quantile(share) == latest[math.ceil(share * len(latest)) - 1]


def test_a_call_that_was_given_up_counts_only_if_it_was_slow_already() -> None:
    latency = Latency(least=1)
    latency.add(0.1)
    latency.add_unfinished(0.05)
    assert latency.calls == 1
    latency.add_unfinished(0.4)
    assert latency.calls == 2


def test_while_nothing_is_known_a_call_that_was_given_up_counts() -> None:
    """A source that has never answered is as slow as its timeout, at least."""
    latency = Latency(least=2)
    latency.add_unfinished(0.4)
    latency.add_unfinished(0.4)
    assert latency.quantile(0.5) == 0.4
