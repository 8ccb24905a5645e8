"""What each layer adds to the worst case is what it really takes, and not less."""

import asyncio
from contextlib import suppress
from random import Random

import pytest

from gateway.aggregation.budget import Budget
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError, SourceRefused
from gateway.aggregation.events import nobody
from gateway.aggregation.gate import Gate
from gateway.aggregation.latency import Latency
from gateway.aggregation.layers import Layer
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.bulkhead import bulkhead
from gateway.aggregation.policies.hedge import Hedging, hedge
from gateway.aggregation.policies.retry import retry
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.retrying import Retrying
from gateway.aggregation.source import Call, Policy, stack
from gateway.ops.explain.bounds import Worst, effective_timeout, worst_of
from tests.fakes import FOREVER, FakeSource, VirtualClock

LEFT = 2.9


def _layers(*policies: Policy) -> list[Layer]:
    return [each for each in policies if isinstance(each, Layer)]


def _known() -> Latency:
    """A source that mostly answers within 20 ms."""
    latency = Latency()
    for _ in range(40):
        latency.add(0.02)
    return latency


def _retry() -> Policy:
    return retry("s", Retrying(Budget(), _known(), Random(1)), nobody)


def _hedge() -> Policy:
    return hedge("s", Hedging(_known(), Budget(minimum=9)), nobody)


async def _taken(clock: VirtualClock, source: FakeSource, *policies: Policy) -> float:
    """Return the seconds that one call takes, however it ends."""
    began = clock.time()
    with suppress(SourceError):
        await stack(source, *policies)(Call(Deadline.after(LEFT, clock.time)))
    return clock.time() - began


async def test_a_timeout_is_met_to_the_moment(clock: VirtualClock) -> None:
    policies = (timeout("s", 0.2),)
    worst = worst_of(_layers(*policies), LEFT, 1)
    taken = await _taken(clock, FakeSource(delay_seconds=FOREVER), *policies)
    assert taken == pytest.approx(worst.seconds)
    assert worst == Worst(pytest.approx(0.2), pytest.approx(LEFT - 0.01), 1, ("0.2 s to answer",))


async def test_a_retry_makes_a_second_call_as_long_as_the_first(clock: VirtualClock) -> None:
    policies = (_retry(), timeout("s", 0.2))
    worst = worst_of(_layers(*policies), LEFT, 1)
    source = FakeSource(delay_seconds=0.19, raises=SourceRefused("s"))
    taken = await _taken(clock, source, *policies)
    assert 0.38 <= taken <= worst.seconds
    assert len(source.calls) == worst.calls == 2


async def test_a_pause_that_was_asked_for_may_be_as_long_as_whole_seconds_fit(
    clock: VirtualClock,
) -> None:
    """Retry-After counts whole seconds: with 2.9 s left, two of them."""
    worst = worst_of(_layers(_retry(), timeout("s", 0.2)), LEFT, 1)
    assert worst.seconds == pytest.approx(0.2 + 0.05 + 2 + 0.2)
    short = worst_of(_layers(_retry(), timeout("s", 0.2)), 0.79, 1)
    assert short.seconds == pytest.approx(0.2 + 0.05 + 0.2)


async def test_a_hedge_and_a_retry_multiply(clock: VirtualClock) -> None:
    policies = (_retry(), _hedge(), timeout("s", 0.2))
    worst = worst_of(_layers(*policies), LEFT, 1)
    source = FakeSource(delay_seconds=0.19, raises=SourceRefused("s"))
    taken = await _taken(clock, source, *policies)
    assert len(source.calls) == worst.calls == 4
    assert 0.4 <= taken <= worst.seconds


async def test_the_queue_comes_on_top_of_the_timeout(clock: VirtualClock) -> None:
    gate = Gate("u", LimitRules(start=1, least=1, most=1))
    policies = (bulkhead("s", gate, nobody), timeout("s", 0.5))
    worst = worst_of(_layers(*policies), LEFT, 1)
    first = asyncio.create_task(_taken(clock, FakeSource(delay_seconds=0.19), *policies))
    await asyncio.sleep(0)
    second = await _taken(clock, FakeSource(delay_seconds=FOREVER), *policies)
    await first
    assert 0.69 <= second <= worst.seconds == pytest.approx(0.7)


def test_without_a_timeout_nothing_but_the_page_ends_a_call() -> None:
    assert worst_of([], LEFT, 1).seconds == float("inf")
    assert effective_timeout([], LEFT) is None


def test_two_timeouts_count_as_the_shorter() -> None:
    layers = _layers(timeout("s", 0.5), timeout("s", 0.3))
    assert effective_timeout(layers, LEFT) == 0.3
    assert effective_timeout(layers, 0.2) == pytest.approx(0.18)
    assert effective_timeout(layers, 0.01) == 0.0
