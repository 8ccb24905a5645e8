"""telling: every failure of a source is reported, and the end of failing once."""

import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceOff, SourceRefused, SourceTimeout
from gateway.aggregation.events import CallFailed, CallsRecovered
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.switched_off import switched_off
from gateway.aggregation.policies.telling import telling
from gateway.aggregation.source import Call, State, stack
from tests.fakes import FakeSource, Recorder, VirtualClock


def call(clock: VirtualClock) -> Call:
    return Call(Deadline.after(1.0, clock.time))


async def test_each_failure_is_told_with_its_reason_and_its_seconds(clock: VirtualClock) -> None:
    told = Recorder()
    error = SourceRefused("promo")
    source = stack(FakeSource(raises=error, delay_seconds=0.2), telling("promo", told))
    for _ in range(2):
        with pytest.raises(SourceRefused):
            await source(call(clock))
    first, second = told.of(CallFailed)
    assert (first.source, first.reason, first.error) == ("promo", "refused", error)
    assert first.seconds == second.seconds == pytest.approx(0.2)


async def test_the_end_of_failing_is_told_once(clock: VirtualClock) -> None:
    told, inner = Recorder(), FakeSource()
    source = stack(inner, telling("promo", told))
    await source(call(clock))
    assert told.events == []
    inner.raises = SourceTimeout("promo")
    with pytest.raises(SourceTimeout):
        await source(call(clock))
    inner.raises = None
    for _ in range(3):
        await source(call(clock))
    assert told.kinds == ["CallFailed", "CallsRecovered"]
    assert told.of(CallsRecovered)[0].source == "promo"


async def test_a_fault_of_our_own_is_no_failure_of_the_source(clock: VirtualClock) -> None:
    told = Recorder()
    with pytest.raises(KeyError):
        await stack(FakeSource(raises=KeyError("x")), telling("promo", told))(call(clock))
    assert told.events == []


async def test_a_source_that_is_off_is_not_asked(clock: VirtualClock) -> None:
    inner = FakeSource()
    with pytest.raises(SourceOff, match="promo: off"):
        await stack(inner, switched_off("promo"))(call(clock))
    assert inner.calls == []


async def test_what_stands_in_for_a_source_that_is_off_says_so(clock: VirtualClock) -> None:
    source = stack(FakeSource(), fallback("promo", (), Recorder()), switched_off("promo"))
    reply = await source(call(clock))
    assert (reply.value, reply.state, reply.reason) == ((), State.FALLBACK, "off")
