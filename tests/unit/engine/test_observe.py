import asyncio

import pytest

from gateway.aggregation.errors import BadStatus, SourceTimeout
from gateway.aggregation.events import SourceAbandoned, SourceFailed, SourceReplied
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.source import Reply, State, stack
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in


@pytest.mark.parametrize(
    "reply",
    [
        Reply("v"),
        Reply("v", State.FRESH, age=3),
        Reply("v", State.STALE, reason="timeout"),
        Reply("v", State.FALLBACK, reason="refused"),
    ],
)
async def test_a_reply_is_reported_and_let_through(clock: VirtualClock, reply: Reply) -> None:
    told = Recorder()
    source = stack(FakeSource(reply, delay_seconds=0.2), observe("promo", told))
    assert await source(call_in(clock)) is reply
    assert told.events == [
        SourceReplied("promo", reply.state, pytest.approx(0.2), reply.reason),
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceTimeout("promo"), "timeout"),
        (BadStatus("promo", 503), "status"),
        (ZeroDivisionError("our own fault"), "crashed"),
    ],
)
async def test_an_error_is_reported_with_its_word_and_let_through(
    clock: VirtualClock, error: Exception, reason: str
) -> None:
    told = Recorder()
    source = stack(FakeSource(raises=error, delay_seconds=0.2), observe("promo", told))
    with pytest.raises(type(error)) as caught:
        await source(call_in(clock))
    assert caught.value is error
    assert told.events == [SourceFailed("promo", reason, pytest.approx(0.2), error)]


async def test_a_cancelled_call_is_neither_success_nor_failure(clock: VirtualClock) -> None:
    told = Recorder()
    source = stack(FakeSource(delay_seconds=FOREVER), observe("promo", told))
    task = asyncio.ensure_future(source(call_in(clock)))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.events == [SourceAbandoned("promo", pytest.approx(0.2))]


async def test_each_call_is_reported_by_itself(clock: VirtualClock) -> None:
    told = Recorder()
    source = stack(FakeSource(), observe("promo", told))
    await asyncio.gather(source(call_in(clock)), source(call_in(clock)))
    assert told.kinds == ["SourceReplied", "SourceReplied"]


async def test_the_call_is_handed_on_untouched(clock: VirtualClock) -> None:
    inner, call = FakeSource(), call_in(clock, day="x")
    await stack(inner, observe("promo", Recorder()))(call)
    assert inner.calls == [call]
