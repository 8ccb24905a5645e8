"""Who asks, what is kept of the answer, and how gateways that ask the same keep out of each other's
way.
"""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.aggregation.background import Background
from gateway.aggregation.cache import Entry, key_for
from gateway.aggregation.errors import BadStatus, SourceRefused
from gateway.aggregation.events import EntryConfirmed, FleetWaited
from gateway.aggregation.policies.storing import POLL_SECONDS
from gateway.aggregation.source import UNCHANGED, Reply, State, Terms
from tests.fakes import FOREVER, FakeSource, VirtualClock
from tests.unit.engine.keeping import FRESH_SECONDS, Kept, fleet, settled

KEY = key_for("promo", {})
NAMED = Terms(fresh=10.0, etag='"v1"')


@pytest.fixture
def kept(clock: VirtualClock) -> Kept:
    return Kept(clock)


# ---- what is stored


async def test_an_entry_counts_from_when_it_was_said(clock: VirtualClock, kept: Kept) -> None:
    """Not from when it was asked for: a slow source does not age its own reply."""
    kept.inner.delay_seconds = 4
    await kept.ask()
    end = clock.wall() + FRESH_SECONDS
    assert kept.entry == Entry("said", clock.wall(), end, end, end + 60, pytest.approx(4.0))


@pytest.mark.parametrize("said", [0.0, -1.0])
async def test_what_must_not_be_kept_is_not_stored(
    clock: VirtualClock, kept: Kept, said: float
) -> None:
    kept.inner.answer = Reply("said", terms=Terms(fresh=said))
    reply = await kept.ask()
    assert (reply.value, reply.lifetime) == ("said", 0.0)
    assert kept.cache.puts == []
    await kept.assert_nothing_is_held()


async def test_an_error_is_not_stored(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.raises = SourceRefused("promo")
    with pytest.raises(SourceRefused):
        await kept.ask()
    assert kept.cache.puts == []
    kept.inner.raises = None
    assert (await kept.ask()).state is State.LIVE


@pytest.mark.parametrize("policies", ["caching storing fallback", "storing caching fallback"])
async def test_a_fallback_is_never_stored_not_even_where_the_policies_are_misordered(
    clock: VirtualClock, kept: Kept, policies: str
) -> None:
    kept.policies = tuple(policies.split())
    kept.inner.raises = SourceRefused("promo")
    reply = await kept.ask()
    assert (reply.value, reply.state) == ("instead", State.FALLBACK)
    assert kept.cache.puts == []


async def test_a_reply_in_hand_does_not_wait_for_a_cache_that_hangs(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.cache.put_delay_seconds = FOREVER
    before = clock.time()
    assert (await kept.ask()).value == "said"
    assert clock.time() == before
    assert len(kept.background) == 1
    assert kept.cache.puts != []
    await kept.background.drain(1)


async def test_a_reply_is_stored_though_the_page_ended_meanwhile(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.cache.put_delay_seconds = 5
    await kept.ask()
    await asyncio.sleep(6)
    assert len(kept.cache.entries) == 1


async def test_a_reply_is_passed_on_though_nobody_has_room_to_store_it(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.background = Background(limit=0)
    assert (await kept.ask()).value == "said"
    assert kept.cache.puts == []


async def test_a_flight_of_many_is_stored_once(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.delay_seconds = 0.2
    await asyncio.gather(*(kept.ask() for _ in range(200)))
    assert (len(kept.calls), kept.cache.puts) == (1, [KEY])


async def test_who_comes_late_from_an_empty_cache_does_not_ask_again(
    clock: VirtualClock, kept: Kept
) -> None:
    """One whose look into the cache took longer than the whole flight of the others."""
    kept.cache.get_delay_seconds = 0.05
    late = kept.begin()
    await asyncio.sleep(0.01)
    kept.cache.get_delay_seconds = 0.0
    assert (await kept.ask()).value == "said"
    assert (await late).value == "said"
    assert len(kept.calls) == 1


# ---- what the source names by an ETag


async def test_what_is_known_by_name_is_asked_for_by_name(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.answer = Reply("said", terms=NAMED)
    await kept.ask()
    await asyncio.sleep(10)
    await kept.ask()
    assert [call.etag for call in kept.calls] == [None, '"v1"']


async def test_a_confirmed_entry_is_live_and_lives_by_the_new_terms(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=NAMED)
    await kept.ask()
    await asyncio.sleep(10)
    kept.inner.answer = Reply(UNCHANGED, terms=Terms(fresh=20.0))
    reply = await kept.ask()
    assert (reply.value, reply.state, reply.age, reply.lifetime) == ("said", State.LIVE, 0, 20)
    assert kept.told.of(EntryConfirmed) == [EntryConfirmed("promo")]
    assert (kept.entry.value, kept.entry.etag) == ("said", '"v1"')
    await asyncio.sleep(19)
    assert (await kept.ask()).state is State.FRESH
    await asyncio.sleep(1)
    await kept.ask()
    assert kept.calls[-1].etag == '"v1"'


async def test_a_confirmation_that_says_nothing_of_terms_stretches_none(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=NAMED)
    await kept.ask()
    await asyncio.sleep(10)
    kept.inner.answer = Reply(UNCHANGED)
    assert (await kept.ask()).lifetime == pytest.approx(10)


async def test_a_confirmation_that_forbids_keeping_is_obeyed(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.inner.answer = Reply("said", terms=NAMED)
    await kept.ask()
    await asyncio.sleep(10)
    kept.inner.answer = Reply(UNCHANGED, terms=Terms(fresh=0.0))
    reply = await kept.ask()
    assert (reply.value, reply.lifetime) == ("said", 0.0)
    assert len(kept.cache.puts) == 1


async def test_what_was_purged_is_asked_for_anew_and_not_by_its_name(
    clock: VirtualClock, kept: Kept
) -> None:
    """Its source would confirm what somebody wanted to be rid of."""
    kept.inner.answer = Reply("said", terms=NAMED)
    await kept.ask()
    await asyncio.sleep(1)
    kept.purged_at = clock.wall()
    await kept.ask()
    assert kept.calls[-1].etag is None


# ---- the fleet


async def test_two_gateways_that_ask_the_same_cost_one_call(clock: VirtualClock) -> None:
    source = FakeSource("said", delay_seconds=0.2)
    here, there = fleet(clock, source)
    replies = await asyncio.gather(*(each.ask() for _ in range(100) for each in (here, there)))
    assert len(source.calls) == 1
    assert {(reply.value, reply.state) for reply in replies} == {("said", State.LIVE)}
    assert there.told.of(FleetWaited) == [FleetWaited("promo")]
    assert here.told.of(FleetWaited) == []
    for each in (here, there):
        await each.assert_nothing_is_held()


async def test_what_another_gateway_was_told_lives_no_longer_than_with_it(
    clock: VirtualClock,
) -> None:
    source = FakeSource(Reply("said", terms=Terms(fresh=10)), delay_seconds=0.19)
    here, there = fleet(clock, source)
    first, second = await asyncio.gather(here.ask(), there.ask())
    assert first.lifetime == pytest.approx(10)
    assert 0 < second.age <= POLL_SECONDS
    assert second.lifetime == pytest.approx(10 - second.age)


async def test_a_gateway_that_just_stored_spares_one_that_just_looked(clock: VirtualClock) -> None:
    """Between its look into the cache and its turn at the lock, all was over elsewhere."""
    source = FakeSource("said")
    here, there = fleet(clock, source)
    there.lock.delay_seconds = 0.05
    waiting = there.begin()
    here.lock.broken = True
    await here.ask()
    assert (await waiting).value == "said"
    assert len(source.calls) == 1


async def test_who_lost_the_lock_waits_for_half_its_time_and_asks_then(
    clock: VirtualClock, kept: Kept
) -> None:
    """The other gateway may be dead, or slower than we have time for."""
    kept.lock.locks.take(KEY, "another", 60)
    before = clock.time()
    assert (await kept.ask(0.8)).state is State.LIVE
    assert 0.4 <= clock.time() - before <= 0.4 + POLL_SECONDS
    assert len(kept.calls) == 1
    assert kept.lock.locks.held[KEY][0] == "another", "a lock that is not ours is not given back"


@pytest.mark.parametrize("ending", ["fails", "may not keep it"])
async def test_who_lost_the_lock_asks_as_soon_as_the_other_one_has_nothing_to_give(
    clock: VirtualClock, ending: str
) -> None:
    source = FakeSource(Reply("said", terms=Terms(fresh=0.0)), delay_seconds=0.1)
    source.raises = SourceRefused("promo") if ending == "fails" else None
    here, there = fleet(clock, source)
    first, second = here.begin(2.0), there.begin(2.0)
    before = clock.time()
    await asyncio.wait({first, second})
    assert clock.time() - before <= 0.2 + POLL_SECONDS
    assert len(source.calls) == 2
    assert isinstance(first.exception(), SourceRefused) is (ending == "fails")


async def test_nobody_waits_for_an_answer_that_could_not_be_kept(clock: VirtualClock) -> None:
    source = FakeSource(Reply("said", terms=Terms(fresh=0.0)), delay_seconds=0.1)
    here, there = fleet(clock, source)
    for each in (here, there):
        await each.ask()
    before = clock.time()
    await asyncio.gather(here.ask(), there.ask())
    assert clock.time() - before == pytest.approx(0.1)


async def test_a_source_that_may_be_kept_again_is_asked_once_for_all_again(
    clock: VirtualClock,
) -> None:
    source = FakeSource(Reply("said", terms=Terms(fresh=0.0)))
    here, there = fleet(clock, source)
    for each in (here, there):
        await each.ask(number=1)
    source.answer, source.delay_seconds = "said", 0.1
    for each in (here, there):
        await each.ask(number=each is here)
    del source.calls[:]
    await asyncio.gather(here.ask(), there.ask())
    assert len(source.calls) == 1


async def test_where_the_lock_cannot_tell_each_gateway_asks_once(clock: VirtualClock) -> None:
    source = FakeSource("said", delay_seconds=0.2)
    gateways = fleet(clock, source, 3)
    for each in gateways:
        each.lock.broken = True
    before = clock.time()
    await asyncio.gather(*(each.ask() for each in gateways for _ in range(50)))
    assert len(source.calls) == 3
    assert clock.time() - before == pytest.approx(0.2)


async def test_a_lock_lasts_as_long_as_the_call_may(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(0.8)
    assert kept.lock.acquired == [(KEY, pytest.approx(0.8))]


@pytest.mark.parametrize(
    "error", [SourceRefused("promo"), BadStatus("promo", 500), ZeroDivisionError("a bug")]
)
async def test_the_lock_is_given_back_where_the_source_fails(
    clock: VirtualClock, kept: Kept, error: Exception
) -> None:
    kept.inner.raises = error
    with pytest.raises(type(error)):
        await kept.ask()
    await kept.assert_nothing_is_held()


async def test_the_lock_is_given_back_only_after_the_answer_is_there(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.cache.put_delay_seconds = 0.05
    await kept.ask()
    assert KEY in kept.lock.locks.held
    await asyncio.sleep(0.1)
    assert KEY in kept.cache.entries
    await kept.assert_nothing_is_held()


@settings(database=None, deadline=None, max_examples=60, derandomize=True)
@given(turns=st.integers(0, 25), lock_ms=st.sampled_from([0, 5]), source_ms=st.sampled_from([0, 5]))
def test_wherever_a_call_is_cancelled_its_lock_is_given_back(
    turns: int, lock_ms: int, source_ms: int
) -> None:
    async def cancelled() -> None:
        kept = Kept(clock, FakeSource("said", delay_seconds=source_ms / 1000))
        kept.lock.delay_seconds = lock_ms / 1000
        visitor = kept.begin()
        await settled(turns)
        if turns > 12:
            await asyncio.sleep(0.005)
        visitor.cancel()
        await asyncio.wait({visitor})
        await kept.assert_nothing_is_held()
        before = clock.time()
        assert (await kept.ask()).value == "said"
        assert clock.time() - before <= 0.011

    clock = VirtualClock()
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(cancelled())
