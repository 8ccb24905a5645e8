"""Cases in which it would be easy to be almost right."""

import asyncio
from typing import Any

import pytest

from gateway.aggregation.background import Background
from gateway.aggregation.cache import Entry, key_for
from gateway.aggregation.compose import compose
from gateway.aggregation.errors import PrimaryFailed, SourceCrashed, SourceRefused
from gateway.aggregation.events import nobody
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import stack
from tests.fakes import FOREVER, FakeSource, VirtualClock
from tests.unit.engine.keeping import Kept
from tests.unit.engine.pages import call_in, fragment, lookup, plan, states


async def test_primary_failed_names_the_culprit_not_one_that_was_cancelled(
    clock: VirtualClock,
) -> None:
    parts = plan(fragment("a", primary=True), fragment("b", primary=True))
    sources = lookup(a=FakeSource(delay_seconds=FOREVER), b=FakeSource(raises=SourceRefused("b")))
    with pytest.raises(PrimaryFailed) as caught:
        await compose(parts, call_in(clock), sources)
    assert caught.value.fragment == "b"


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, "1"), (True, "True"), ((1,), "(1,)"), (("a",), "('a',)"), ("\U00010000", "\ud800\udc00")],
)
def test_values_of_different_types_never_share_a_key(one: Any, other: Any) -> None:
    assert key_for("promo", {"id": one}) != key_for("promo", {"id": other})


async def test_a_timeout_error_of_the_sources_own_is_not_our_timeout(clock: VirtualClock) -> None:
    """ETIMEDOUT, or a bug, at once: no time was up."""
    with pytest.raises(TimeoutError):
        await stack(FakeSource(raises=TimeoutError("of its own")), timeout("promo", 0.4))(
            call_in(clock)
        )


async def test_compose_fallback_timeout__a_bug_that_is_a_timeout_error_is_a_crash(
    clock: VirtualClock,
) -> None:
    source = stack(
        FakeSource(raises=TimeoutError("bug")), fallback("p", 1, nobody), timeout("p", 0.4)
    )
    page = await compose(plan("a"), call_in(clock), lookup(a=source))
    assert states(page) == {"a": "failed crashed"}


async def test_a_crash_that_is_named_as_such_gets_no_fallback(clock: VirtualClock) -> None:
    with pytest.raises(SourceCrashed):
        await stack(FakeSource(raises=SourceCrashed("p")), fallback("p", 1, nobody))(call_in(clock))


async def test_drain_does_not_wait_for_stubborn_work_longer_than_it_may(
    clock: VirtualClock,
) -> None:
    background = Background()
    source = FakeSource(delay_seconds=60, stubborn=True)

    async def work():
        await source(call_in(clock))

    background.spawn(work())
    before = clock.time()
    await background.drain(3)
    assert clock.time() - before <= 3.2


async def test_drain_waits_for_work_that_was_spawned_meanwhile(clock: VirtualClock) -> None:
    background, done = Background(), []

    async def second():
        await asyncio.sleep(1)
        done.append(2)

    async def first():
        await asyncio.sleep(1)
        background.spawn(second())

    background.spawn(first())
    await background.drain(10)
    assert done == [2]


async def test_our_own_bound_counts_for_entries_that_were_kept_under_a_longer_one(
    clock: VirtualClock,
) -> None:
    kept = Kept(clock, FakeSource("new"))
    kept.cache.entries[key_for("promo", {})] = Entry("old", clock.wall() - 600, clock.wall() + 3000)
    assert (await kept.ask()).value == "new"


async def test_compose_fallback_timeout__a_stubborn_source_gets_its_fallback(
    clock: VirtualClock,
) -> None:
    source = stack(
        FakeSource(delay_seconds=30, stubborn=True),
        fallback("p", "instead", nobody),
        timeout("p", 0.4),
    )
    page = await compose(plan("a"), call_in(clock), lookup(a=source))
    assert states(page) == {"a": "fallback timeout"}
    await asyncio.sleep(60)


async def test_a_source_that_returns_no_reply_fails_alone(clock: VirtualClock) -> None:
    async def wrong(call):
        return None

    page = await compose(plan("a", "b"), call_in(clock), lookup(a=wrong, b=FakeSource()))
    assert states(page) == {"a": "failed crashed", "b": "live"}


async def test_primary_failed_keeps_its_cause(clock: VirtualClock) -> None:
    error = SourceRefused("a")
    with pytest.raises(PrimaryFailed) as caught:
        await compose(
            plan(fragment("a", primary=True)), call_in(clock), lookup(a=FakeSource(raises=error))
        )
    assert caught.value.__cause__ is error
