"""Policies in combination, each test named by its stack, outermost first."""

import asyncio

import pytest

from gateway.aggregation.compose import compose
from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.events import (
    CacheHit,
    FallbackServed,
    FragmentCrashed,
    SourceAbandoned,
    SourceReplied,
    all_of,
)
from gateway.aggregation.policies.fallback import fallback
from gateway.aggregation.policies.observe import observe
from gateway.aggregation.policies.timeout import timeout
from gateway.aggregation.source import Reply, State, stack
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.keeping import Kept
from tests.unit.engine.pages import (
    BUDGET_SECONDS,
    RESERVE_SECONDS,
    call_in,
    lookup,
    plan,
    states,
)

POLICIES = ("observe", "fallback", "caching", "single_flight", "storing", "timeout")


@pytest.fixture
def whole(clock: VirtualClock) -> Kept:
    return Kept(clock, policies=POLICIES)


async def test_fallback_timeout__the_fallback_has_its_turn(clock: VirtualClock) -> None:
    before = clock.time()
    source = stack(
        FakeSource(delay_seconds=FOREVER),
        fallback("promo", "instead", Recorder()),
        timeout("promo", 0.4),
    )
    assert await source(call_in(clock)) == Reply("instead", State.FALLBACK, reason="timeout")
    assert clock.time() - before == pytest.approx(0.4)


@pytest.mark.parametrize("timeout_seconds", [BUDGET_SECONDS - 0.001, BUDGET_SECONDS, 60.0])
async def test_compose_fallback_timeout__the_reserve_leaves_a_turn(
    clock: VirtualClock, timeout_seconds: float
) -> None:
    """A timeout as long as the page, or longer, still ends in a fallback that names it."""
    source = stack(
        FakeSource(delay_seconds=FOREVER),
        fallback("promo", "instead", Recorder()),
        timeout("promo", timeout_seconds),
    )
    page = await compose(plan("promo"), call_in(clock), lookup(promo=source))
    assert states(page) == {"promo": "fallback timeout"}
    assert page.page_seconds == pytest.approx(BUDGET_SECONDS - 2 * RESERVE_SECONDS)


async def test_compose_timeout__a_timeout_is_named_by_the_source(clock: VirtualClock) -> None:
    source = stack(FakeSource(delay_seconds=FOREVER), timeout("promo", 60))
    page = await compose(plan("a"), call_in(clock), lookup(a=source))
    assert states(page) == {"a": "failed timeout"}
    assert page.page_seconds < BUDGET_SECONDS


async def test_compose_fallback_timeout__one_slow_source_leaves_the_rest_whole(
    clock: VirtualClock,
) -> None:
    slow = stack(
        FakeSource(delay_seconds=FOREVER),
        fallback("promo", "instead", Recorder()),
        timeout("promo", 0.4),
    )
    page = await compose(plan("a", "b"), call_in(clock), lookup(a=slow, b=FakeSource()))
    assert states(page) == {"a": "fallback timeout", "b": "live"}
    assert page.page_seconds == pytest.approx(0.4)
    assert not page.complete


async def test_compose_observe_fallback__a_bug_is_reported_and_gets_no_fallback(
    clock: VirtualClock,
) -> None:
    told, bug = Recorder(), ZeroDivisionError("our own fault")
    source = stack(
        FakeSource(raises=bug), observe("promo", told), fallback("promo", "instead", told)
    )
    page = await compose(plan("promo", "b"), call_in(clock), lookup(promo=source, b=FakeSource()))
    assert states(page) == {"promo": "failed crashed", "b": "live"}
    assert told.of(FallbackServed) == []
    page = await compose(plan("promo"), call_in(clock), lookup(promo=source), told)
    assert told.of(FragmentCrashed) == [FragmentCrashed("home", "promo", bug)]


async def test_compose_observe_fallback_timeout__a_stubborn_source_is_given_up(
    clock: VirtualClock,
) -> None:
    told = Recorder()
    source = stack(
        FakeSource(delay_seconds=30, stubborn=True),
        observe("promo", told),
        fallback("promo", "instead", told),
        timeout("promo", 0.4),
    )
    page = await compose(plan("promo", "b"), call_in(clock), lookup(promo=source, b=FakeSource()))
    assert page.page_seconds == pytest.approx(0.4)
    assert states(page)["b"] == "live"
    assert states(page)["promo"] == "fallback timeout"
    await asyncio.sleep(60)


async def test_caching_timeout__an_entry_is_not_lost_to_a_slow_source(
    clock: VirtualClock, whole: Kept
) -> None:
    await whole.source(call_in(clock))
    await asyncio.sleep(1)
    whole.inner.delay_seconds = FOREVER
    before = clock.time()
    reply = await whole.source(call_in(clock))
    assert reply == Reply("said", State.FRESH, pytest.approx(1), pytest.approx(29))
    assert clock.time() == before


async def test_caching_fallback__a_fallback_is_never_kept(clock: VirtualClock, whole: Kept) -> None:
    """The source is asked again as soon as there is a next page."""
    whole.inner.raises = SourceRefused("promo")
    assert (await whole.source(call_in(clock))).state is State.FALLBACK
    await asyncio.sleep(0)
    assert whole.cache.puts == []
    whole.inner.raises = None
    assert (await whole.source(call_in(clock))).state is State.LIVE


async def test_the_whole_stack__reports_what_the_visitor_sees(
    clock: VirtualClock, whole: Kept
) -> None:
    source = whole.source
    await source(call_in(clock))
    await asyncio.sleep(1)
    await source(call_in(clock))
    await asyncio.sleep(60)
    whole.inner.delay_seconds = FOREVER
    await source(call_in(clock))
    await asyncio.sleep(60)
    await source(call_in(clock))
    assert whole.told.kinds == [
        *("CacheMissed", "SourceReplied"),
        *("CacheHit", "SourceReplied"),
        *("CacheMissed", "StaleServed", "SourceReplied"),
        *("CacheMissed", "FallbackServed", "SourceReplied"),
    ]
    assert [(event.state, event.reason) for event in whole.told.of(SourceReplied)] == [
        (State.LIVE, None),
        (State.FRESH, None),
        (State.STALE, "timeout"),
        (State.FALLBACK, "timeout"),
    ]
    assert whole.told.of(SourceReplied)[2].seconds == pytest.approx(0.4)
    assert whole.told.of(CacheHit) == [CacheHit("promo", pytest.approx(1))]


async def test_the_whole_stack__a_cancelled_page_is_abandoned(
    clock: VirtualClock, whole: Kept
) -> None:
    whole.inner.delay_seconds = FOREVER
    sources = lookup(promo=whole.source)
    page = asyncio.create_task(compose(plan("promo"), call_in(clock), sources, whole.told))
    await asyncio.sleep(0.1)
    page.cancel()
    await asyncio.gather(page, return_exceptions=True)
    await asyncio.sleep(0.001)
    assert whole.inner.cancelled
    assert whole.told.of(SourceAbandoned) == [SourceAbandoned("promo", pytest.approx(0.1))]
    assert whole.told.kinds == ["CacheMissed", "SourceAbandoned"]
    assert whole.cache.puts == []


async def test_the_whole_stack__a_broken_listener_breaks_no_page(
    clock: VirtualClock, whole: Kept
) -> None:
    def broken(event: object) -> None:
        raise RuntimeError("this listener is broken")

    heard = Recorder()
    emit = whole.emit = all_of(broken, heard)
    page = await compose(plan("promo"), call_in(clock), lookup(promo=whole.source), emit)
    assert states(page) == {"promo": "live"}
    whole.inner.raises = SourceRefused("promo")
    await asyncio.sleep(60)
    page = await compose(plan("promo"), call_in(clock), lookup(promo=whole.source), emit)
    assert states(page) == {"promo": "stale refused"}
    assert heard.kinds.count("PageComposed") == 2


async def test_compose_caching__a_cache_that_cannot_store_delays_no_page(
    clock: VirtualClock, whole: Kept
) -> None:
    whole.cache.put_delay_seconds = FOREVER
    page = await compose(plan("promo"), call_in(clock), lookup(promo=whole.source))
    assert states(page) == {"promo": "live"}
    assert page.page_seconds == 0.0
    await whole.background.drain(1)
