import asyncio

import pytest

from gateway.aggregation.errors import SourceRefused, SourceTimeout
from gateway.aggregation.latency import Latency
from gateway.aggregation.policies.measure import measure
from gateway.aggregation.source import stack
from tests.fakes import FOREVER, FakeSource, VirtualClock
from tests.unit.engine.pages import call_in


async def test_a_call_that_was_answered_is_noted(clock: VirtualClock) -> None:
    latency = Latency(least=1)
    await stack(FakeSource(delay_seconds=0.2), measure(latency))(call_in(clock))
    assert latency.quantile(1) == pytest.approx(0.2)


async def test_a_call_that_ran_out_of_time_took_at_least_that_long(clock: VirtualClock) -> None:
    latency = Latency(least=1)
    inner = FakeSource(raises=SourceTimeout("promo"), delay_seconds=0.4)
    with pytest.raises(SourceTimeout):
        await stack(inner, measure(latency))(call_in(clock))
    assert latency.quantile(1) == pytest.approx(0.4)


async def test_a_quick_failure_does_not_make_the_source_look_quick(clock: VirtualClock) -> None:
    latency = Latency(least=1)
    with pytest.raises(SourceRefused):
        await stack(FakeSource(raises=SourceRefused("promo")), measure(latency))(call_in(clock))
    assert latency.calls == 0


async def test_a_cancelled_call_says_nothing(clock: VirtualClock) -> None:
    latency = Latency(least=1)
    source = stack(FakeSource(delay_seconds=FOREVER), measure(latency))
    task = asyncio.ensure_future(source(call_in(clock)))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert latency.calls == 0
