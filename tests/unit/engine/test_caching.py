"""What the cache answers from what it has, and what it leaves to the source."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.aggregation.background import Background
from gateway.aggregation.cache import key_for
from gateway.aggregation.errors import SourceCrashed, SourceRefused
from gateway.aggregation.events import CacheHit, CacheMissed, RefreshBegun, StaleServed
from gateway.aggregation.policies.caching import REFRESH_SECONDS
from gateway.aggregation.source import Reply, State, Terms
from tests.fakes import FOREVER, VirtualClock
from tests.unit.engine.keeping import FRESH_SECONDS, STALE_SECONDS, Kept, hanging, settled

LUCKY = 1e-9
"""A draw that finds each entry early whose source takes any time at all."""
REVALIDATE = Terms(while_revalidate=20.0)


@pytest.fixture
def kept(clock: VirtualClock) -> Kept:
    return Kept(clock)


@contextmanager
def no_time_passes(clock: VirtualClock) -> Iterator[None]:
    before = clock.time()
    yield
    assert clock.time() == before


# ---- fresh


async def test_what_was_said_lately_is_not_asked_again(clock: VirtualClock, kept: Kept) -> None:
    first = await kept.ask()
    await asyncio.sleep(12)
    second = await kept.ask()
    assert len(kept.calls) == 1
    assert (first.value, first.state) == ("said", State.LIVE)
    assert second == Reply("said", State.FRESH, pytest.approx(12), pytest.approx(18))


async def test_an_entry_past_its_lifetime_is_asked_anew(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    kept.inner.answer = "said later"
    await asyncio.sleep(FRESH_SECONDS)
    reply = await kept.ask()
    assert (reply.value, reply.state) == ("said later", State.LIVE)
    assert (await kept.ask()).value == "said later"
    assert len(kept.calls) == 2


async def test_hits_and_misses_are_reported(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    await asyncio.sleep(5)
    await kept.ask()
    assert kept.told.events == [CacheMissed("promo"), CacheHit("promo", pytest.approx(5))]


async def test_baggage_and_deadline_make_no_difference(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(day="x")
    await asyncio.sleep(1)
    assert (await kept.ask(day="x")).state is State.FRESH


async def test_zero_seconds_switch_the_cache_off(clock: VirtualClock, kept: Kept) -> None:
    """Nothing is read and nothing written, even where the source allows an hour."""
    kept.fresh_seconds, kept.policies = 0.0, ("caching", "storing")
    kept.inner.answer = Reply("said", terms=Terms(fresh=3600))
    replies = [await kept.ask() for _ in range(2)]
    assert len(kept.calls) == 2
    assert kept.cache.gets == kept.cache.puts == []
    assert kept.told.events == []
    assert [reply.lifetime for reply in replies] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("said", "passed_on"), [(None, 30.0), (10.0, 10.0), (3600.0, 30.0), (0.0, 0.0), (-1.0, 0.0)]
)
async def test_a_reply_lives_as_long_as_its_source_said_within_our_bound(
    clock: VirtualClock, kept: Kept, said: float | None, passed_on: float
) -> None:
    kept.inner.answer = Reply("said", terms=Terms(fresh=said))
    assert (await kept.ask()).lifetime == passed_on
    await asyncio.sleep(max(0.0, passed_on - 0.5))
    await kept.ask()
    assert len(kept.calls) == (1 if passed_on else 2)
    await asyncio.sleep(1)
    await kept.ask()
    assert len(kept.calls) == (2 if passed_on else 3)


async def test_an_entry_from_the_future_is_asked_anew(clock: VirtualClock, kept: Kept) -> None:
    """A gateway whose wall clock runs ahead must not make its entries immortal here."""
    clock.wall_offset += 3600
    await kept.ask()
    clock.wall_offset -= 3600
    assert (await kept.ask()).state is State.LIVE
    assert len(kept.calls) == 2


async def test_a_cache_that_fails_is_an_empty_cache(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    kept.cache.failing = True
    replies = [await kept.ask() for _ in range(2)]
    assert [(reply.value, reply.state) for reply in replies] == [("said", State.LIVE)] * 2
    assert len(kept.calls) == 3


async def test_an_entry_outlives_a_source_that_went_down(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    kept.inner.raises = SourceRefused("promo")
    assert (await kept.ask()).state is State.FRESH


@pytest.mark.parametrize("value", [None, "", 0, ()])
async def test_an_empty_value_is_an_entry_like_any_other(
    clock: VirtualClock, kept: Kept, value: object
) -> None:
    kept.inner.answer = Reply(value)
    await kept.ask()
    assert (await kept.ask()) == Reply(value, State.FRESH, 0.0, FRESH_SECONDS)
    assert len(kept.calls) == 1


# ---- refreshed beside the page


async def test_an_early_refresh_answers_at_once_and_renews_the_entry(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.delay_seconds = 0.3
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS - 5)
    kept.luck, kept.inner.answer = LUCKY, "said later"
    with no_time_passes(clock):
        reply = await kept.ask()
    assert (reply.value, reply.state, reply.lifetime) == ("said", State.FRESH, pytest.approx(5))
    assert kept.told.of(RefreshBegun) == [RefreshBegun("promo")]
    await asyncio.sleep(6)
    kept.luck = 1.0
    reply = await kept.ask()
    assert (reply.value, reply.state) == ("said later", State.FRESH)


async def test_the_unlucky_refresh_nothing(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.delay_seconds = 0.3
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS - 0.001)
    await kept.ask()
    assert kept.told.of(RefreshBegun) == []


async def test_a_revalidated_entry_is_shown_as_stale_and_says_why(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + 4)
    kept.inner.answer, kept.inner.delay_seconds = "said later", 1.0
    with no_time_passes(clock):
        reply = await kept.ask()
    assert reply == Reply("said", State.STALE, pytest.approx(34), 0.0, "revalidating")
    assert kept.told.of(StaleServed) == [StaleServed("promo", "revalidating", pytest.approx(34))]
    await asyncio.sleep(2)
    assert (await kept.ask()).value == "said later"


async def test_a_refresh_that_hangs_delays_no_page_and_ends_by_itself(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + 1)
    kept.inner.delay_seconds = FOREVER
    with no_time_passes(clock):
        for _ in range(50):
            assert (await kept.ask()).state is State.STALE
    assert len(kept.calls) == 2
    assert len(kept.background) == len(kept.told.of(RefreshBegun)) == 1
    assert kept.calls[1].deadline.remaining() == pytest.approx(REFRESH_SECONDS)
    await asyncio.sleep(REFRESH_SECONDS + 0.01)
    assert kept.inner.cancelled
    await kept.assert_nothing_is_held()


async def test_a_key_is_refreshed_once_at_a_time_and_again_afterwards(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + 1)
    kept.inner.raises = SourceRefused("promo")
    for expected in (2, 3):
        kept.inner.delay_seconds = 0.1
        await asyncio.gather(*(kept.ask() for _ in range(20)))
        await asyncio.sleep(0.2)
        assert len(kept.calls) == expected


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), SourceCrashed("promo")])
async def test_a_refresh_that_crashes_does_not_end_all_refreshing_of_its_key(
    clock: VirtualClock, kept: Kept, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + 1)
    kept.inner.raises = error
    await kept.ask()
    kept.inner.raises, kept.inner.answer = None, "said later"
    assert (await kept.ask()).value == "said"
    assert (await kept.ask()).value == "said later"


async def test_refreshes_are_bounded(clock: VirtualClock, kept: Kept) -> None:
    """As many keys as there may be: only so many refreshes run, and every page is answered."""
    kept.background = Background(limit=5)
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    for number in range(20):
        await kept.ask(number=number)
    await asyncio.sleep(FRESH_SECONDS + 1)
    kept.inner.delay_seconds = FOREVER
    replies = [await kept.ask(number=number) for number in range(20)]
    assert {reply.state for reply in replies} == {State.STALE}
    assert len(kept.calls) == 20 + 5
    assert len(kept.told.of(RefreshBegun)) == 5


async def test_a_visitor_who_leaves_takes_no_refresh_along(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.answer = Reply("said", terms=REVALIDATE)
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + 1)
    kept.inner.answer, kept.inner.delay_seconds = "said later", 1.0
    visitor = kept.begin()
    await settled()
    visitor.cancel()
    await asyncio.sleep(1.5)
    assert (await kept.ask()).value == "said later"


# ---- stale where the source fails


@pytest.mark.parametrize("past", [0.0, 1.0, STALE_SECONDS - 0.001])
async def test_where_the_source_fails_what_is_stale_is_shown_with_its_age_and_the_reason(
    clock: VirtualClock, kept: Kept, past: float
) -> None:
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + past)
    kept.inner.raises = SourceRefused("promo")
    reply = await kept.ask()
    age = pytest.approx(FRESH_SECONDS + past)
    assert reply == Reply("said", State.STALE, age, 0.0, "refused")
    assert kept.told.of(StaleServed) == [StaleServed("promo", "refused", age)]
    assert len(kept.calls) == 2, "it is shown only after the source was asked"


async def test_what_has_expired_is_not_shown(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS + STALE_SECONDS)
    kept.inner.raises = SourceRefused("promo")
    with pytest.raises(SourceRefused):
        await kept.ask()


async def test_a_source_may_forbid_to_show_what_is_stale(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.answer = Reply("said", terms=Terms(if_error=0.0))
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS)
    kept.inner.raises = SourceRefused("promo")
    with pytest.raises(SourceRefused):
        await kept.ask()


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), SourceCrashed("promo")])
async def test_a_bug_does_not_hide_behind_what_is_stale(
    clock: VirtualClock, kept: Kept, error: Exception
) -> None:
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS)
    kept.inner.raises = error
    with pytest.raises(type(error)):
        await kept.ask()


async def test_a_slow_source_leaves_time_to_show_what_is_stale(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.policies = ("fallback", "caching", "single_flight", "storing", "timeout")
    await kept.ask()
    await asyncio.sleep(FRESH_SECONDS)
    kept.inner.delay_seconds = FOREVER
    before = clock.time()
    reply = await kept.ask(0.8)
    assert (reply.value, reply.state, reply.reason) == ("said", State.STALE, "timeout")
    assert clock.time() - before == pytest.approx(0.4)


# ---- purges


async def test_what_was_stored_up_to_a_purge_counts_for_nothing(
    clock: VirtualClock, kept: Kept
) -> None:
    """Neither fresh, nor where the source fails."""
    await kept.ask()
    await asyncio.sleep(1)
    kept.purged_at = clock.wall()
    kept.inner.raises = SourceRefused("promo")
    with pytest.raises(SourceRefused):
        await kept.ask()
    kept.inner.raises, kept.inner.answer = None, "said later"
    await asyncio.sleep(1)
    assert (await kept.ask()).state is State.LIVE
    assert (await kept.ask()) == Reply("said later", State.FRESH, 0.0, FRESH_SECONDS)


async def test_what_was_on_its_way_during_a_purge_counts_for_nothing(
    clock: VirtualClock, kept: Kept
) -> None:
    """The source may have looked before the change that the purge was for."""
    kept.inner.delay_seconds = 0.3
    asked = kept.begin()
    await asyncio.sleep(0.1)
    kept.purged_at = clock.wall()
    assert (await asked).value == "said"
    await settled()
    kept.inner.answer = "said later"
    assert (await kept.ask()).value == "said later"
    assert (await kept.ask()).state is State.FRESH


# ---- what is kept apart


async def test_other_arguments_are_another_entry(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(member_id=None)
    kept.inner.answer = "for the member called None"
    assert (await kept.ask(member_id="None")).value == "for the member called None"
    assert (await kept.ask(member_id=None)).value == "said"
    assert len(kept.calls) == 2


async def test_the_key_names_the_source_and_no_argument(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(member="ada@example.com")
    assert kept.cache.puts == [key_for("promo", {"member": "ada@example.com"})]
    assert "ada" not in kept.cache.puts[0]


async def test_a_flight_that_nobody_could_finish_leaves_nothing(clock: VirtualClock) -> None:
    kept = Kept(clock, hanging())
    task = kept.begin()
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept.cache.puts == []
    await kept.assert_nothing_is_held()
