import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from gateway.aggregation.background import Background
from gateway.aggregation.cache import Entry, key_for
from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.events import CacheHit, CacheMissed
from gateway.aggregation.policies.caching import Keeping, caching
from gateway.aggregation.source import Reply, Source, State, stack
from tests.fakes import FOREVER, FakeSource, MemoryFake, Recorder, VirtualClock
from tests.unit.engine.pages import call_in

FRESH_SECONDS = 30.0


@dataclass
class Kept:
    """A source behind a cache, with all its parts at hand."""

    clock: VirtualClock
    inner: FakeSource = field(default_factory=lambda: FakeSource("said"))
    cache: MemoryFake = field(default_factory=MemoryFake)
    told: Recorder = field(default_factory=Recorder)
    background: Background = field(default_factory=Background)

    def source(self, seconds: float = FRESH_SECONDS) -> Source:
        keeping = Keeping(self.cache, self.clock.wall, self.background.spawn)
        return stack(self.inner, caching("promo", seconds, keeping, self.told))

    async def ask(self, seconds: float = FRESH_SECONDS, **args: object) -> Reply:
        """Ask, and let the cache store what there is to store."""
        reply = await self.source(seconds)(call_in(self.clock, **args))
        await asyncio.sleep(0)
        return reply


@pytest.fixture
def kept(clock: VirtualClock) -> Kept:
    return Kept(clock)


@contextmanager
def no_time_passes(clock: VirtualClock) -> Iterator[None]:
    before = clock.time()
    yield
    assert clock.time() == before


async def test_what_was_said_lately_is_not_asked_again(clock: VirtualClock, kept: Kept) -> None:
    first = await kept.ask()
    await asyncio.sleep(12)
    second = await kept.ask()
    assert len(kept.inner.calls) == 1
    assert (first.value, first.state) == ("said", State.LIVE)
    assert second == Reply("said", State.FRESH, pytest.approx(12), pytest.approx(18))


async def test_an_entry_past_its_lifetime_is_asked_anew(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    kept.inner.answer = "said later"
    await asyncio.sleep(FRESH_SECONDS)
    reply = await kept.ask()
    assert (reply.value, reply.state) == ("said later", State.LIVE)
    assert (await kept.ask()).value == "said later"
    assert len(kept.inner.calls) == 2


async def test_hits_and_misses_are_reported(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    await asyncio.sleep(5)
    await kept.ask()
    assert kept.told.events == [CacheMissed("promo"), CacheHit("promo", pytest.approx(5))]


async def test_other_arguments_are_another_entry(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(member_id=None)
    kept.inner.answer = "for the member called None"
    assert (await kept.ask(member_id="None")).value == "for the member called None"
    assert (await kept.ask(member_id=None)).value == "said"
    assert len(kept.inner.calls) == 2


async def test_baggage_and_deadline_make_no_difference(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(day="x")
    await asyncio.sleep(1)
    assert (await kept.ask(day="x")).state is State.FRESH


async def test_the_key_names_the_source_and_no_argument(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask(member="ada@example.com")
    assert kept.cache.puts == [key_for("promo", {"member": "ada@example.com"})]
    assert "ada" not in kept.cache.puts[0]


async def test_zero_seconds_switch_the_cache_off(clock: VirtualClock, kept: Kept) -> None:
    """Nothing is read and nothing written, even where the source allows an hour."""
    kept.inner.answer = Reply("said", lifetime=3600)
    replies = [await kept.ask(seconds=0) for _ in range(2)]
    assert len(kept.inner.calls) == 2
    assert kept.cache.gets == kept.cache.puts == []
    assert kept.told.events == []
    assert replies == [Reply("said", lifetime=0.0)] * 2


@pytest.mark.parametrize(
    ("said", "passed_on"), [(None, 30.0), (10.0, 10.0), (3600.0, 30.0), (0.0, 0.0), (-1.0, 0.0)]
)
async def test_a_reply_lives_as_long_as_its_source_said_within_our_bound(
    clock: VirtualClock, kept: Kept, said: float | None, passed_on: float
) -> None:
    kept.inner.answer = Reply("said", lifetime=said)
    assert (await kept.ask()).lifetime == passed_on
    await asyncio.sleep(max(0.0, passed_on - 0.5))
    await kept.ask()
    assert len(kept.inner.calls) == (1 if passed_on else 2)
    await asyncio.sleep(1)
    await kept.ask()
    assert len(kept.inner.calls) == (2 if passed_on else 3)


async def test_what_must_not_be_kept_is_not_stored(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.answer = Reply("said", lifetime=0)
    await kept.ask()
    assert kept.cache.puts == []


async def test_an_entry_counts_from_when_it_was_said(clock: VirtualClock, kept: Kept) -> None:
    """Not from when it was asked for: a slow source does not age its own reply."""
    kept.inner.delay_seconds = 4
    await kept.ask()
    [entry] = kept.cache.entries.values()
    assert entry == Entry("said", clock.wall(), clock.wall() + FRESH_SECONDS)


async def test_an_entry_from_the_future_is_asked_anew(clock: VirtualClock, kept: Kept) -> None:
    """A gateway whose wall clock runs ahead must not make its entries immortal here."""
    kept.clock.wall_offset += 3600
    await kept.ask()
    kept.clock.wall_offset -= 3600
    assert (await kept.ask()).state is State.LIVE
    assert len(kept.inner.calls) == 2


async def test_a_reply_in_hand_does_not_wait_for_a_cache_that_hangs(
    clock: VirtualClock, kept: Kept
) -> None:
    kept.cache.put_delay_seconds = FOREVER
    with no_time_passes(clock):
        assert (await kept.ask()).value == "said"
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


async def test_a_cache_that_fails_is_an_empty_cache(clock: VirtualClock, kept: Kept) -> None:
    await kept.ask()
    kept.cache.failing = True
    replies = [await kept.ask() for _ in range(2)]
    assert [(reply.value, reply.state) for reply in replies] == [("said", State.LIVE)] * 2
    assert len(kept.inner.calls) == 3


async def test_an_error_is_not_kept(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.raises = SourceRefused("promo")
    with pytest.raises(SourceRefused):
        await kept.ask()
    assert kept.cache.puts == []
    kept.inner.raises = None
    assert (await kept.ask()).state is State.LIVE


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
    assert len(kept.inner.calls) == 1


async def test_a_cancelled_call_keeps_nothing(clock: VirtualClock, kept: Kept) -> None:
    kept.inner.delay_seconds = FOREVER
    task = asyncio.create_task(kept.ask())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept.cache.puts == []
