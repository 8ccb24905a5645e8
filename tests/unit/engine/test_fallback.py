import asyncio
import inspect

import pytest

from gateway.aggregation import errors
from gateway.aggregation.errors import SourceCancelled, SourceCrashed, SourceError, SourceRefused
from gateway.aggregation.events import FallbackServed
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.source import Reply, State, stack
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in

EXPECTED = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, SourceError)
    and error not in (errors.BadStatus, SourceCrashed, SourceCancelled)
]


async def test_a_reply_of_the_source_is_let_through(clock: VirtualClock) -> None:
    told, reply = Recorder(), Reply("answer", State.FRESH, 3, 4)
    source = stack(FakeSource(reply), fallback("promo", "instead", told))
    assert await source(call_in(clock)) is reply
    assert told.events == []


@pytest.mark.parametrize("kind", EXPECTED)
async def test_the_value_stands_in_for_any_error_of_the_source(
    clock: VirtualClock, kind: type[SourceError]
) -> None:
    source = stack(FakeSource(raises=kind("promo")), fallback("promo", "instead", Recorder()))
    assert await source(call_in(clock)) == Reply("instead", State.FALLBACK, reason=kind.reason)


async def test_a_fallback_is_reported_with_its_cause(clock: VirtualClock) -> None:
    told, error = Recorder(), SourceRefused("promo")
    await stack(FakeSource(raises=error), fallback("promo", None, told))(call_in(clock))
    assert told.events == [FallbackServed("promo", "refused", error)]


async def test_a_bug_does_not_hide_behind_a_kind_word(clock: VirtualClock) -> None:
    told, bug = Recorder(), ZeroDivisionError("our own fault")
    with pytest.raises(ZeroDivisionError) as caught:
        await stack(FakeSource(raises=bug), fallback("promo", "instead", told))(call_in(clock))
    assert caught.value is bug
    assert told.events == []


async def test_a_cancelled_call_gets_no_fallback(clock: VirtualClock) -> None:
    told = Recorder()
    source = stack(FakeSource(delay_seconds=FOREVER), fallback("promo", "instead", told))
    task = asyncio.ensure_future(source(call_in(clock)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.events == []


@pytest.mark.parametrize("value", [None, (), "", 0])
async def test_an_empty_value_is_a_fallback_like_any_other(
    clock: VirtualClock, value: object
) -> None:
    source = stack(FakeSource(raises=SourceRefused("x")), fallback("promo", value, Recorder()))
    reply = await source(call_in(clock))
    assert (reply.value, reply.state) == (value, State.FALLBACK)
