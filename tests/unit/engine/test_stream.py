import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.compose import Composition, Plan, SourceOf, compose
from gateway.aggregation.errors import PrimaryFailed, SourceRefused
from gateway.aggregation.events import FragmentCrashed, FragmentSettled, PageComposed
from gateway.aggregation.source import Call, Reply, Source, with_look
from gateway.aggregation.stream import Progress, stream
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import BUDGET_SECONDS, call_in, fragment, lookup, plan, states

PATIENCE_SECONDS = 0.015


@dataclass(frozen=True)
class Seen:
    """What was yielded, and how many seconds after the page was begun."""

    progress: Progress
    after: float

    @property
    def settled(self) -> list[str]:
        return list(self.progress.page.outcomes)


async def all_of(
    clock: VirtualClock, parts: Plan, sources: SourceOf, emit: Recorder | None = None
) -> list[Seen]:
    """Everything that a page yields to somebody who takes it at once."""
    begun = clock.time()
    page = stream(parts, call_in(clock), sources, emit or Recorder(), PATIENCE_SECONDS)
    return [Seen(progress, clock.time() - begun) async for progress in page]


# ---- what is yielded, and when


async def test_a_page_that_is_there_in_time_comes_in_one(clock: VirtualClock) -> None:
    sources = lookup(a=FakeSource("one"), b=FakeSource("two", delay_seconds=0.014))
    [only] = await all_of(clock, plan("a", "b"), sources)
    assert only.progress.pending == ()
    assert states(only.progress.page) == {"a": "live", "b": "live"}
    assert only.after == pytest.approx(0.014)


async def test_what_is_there_comes_when_patience_ends(clock: VirtualClock) -> None:
    sources = lookup(a=FakeSource(), b=FakeSource(delay_seconds=0.3), c=FakeSource())
    first, last = await all_of(clock, plan("a", "b", "c"), sources)
    assert (first.settled, first.progress.pending) == (["a", "c"], ("b",))
    assert first.after == pytest.approx(PATIENCE_SECONDS)
    assert (last.settled, last.progress.pending) == (["a", "b", "c"], ())
    assert last.after == pytest.approx(0.3)


async def test_what_lies_at_hand_is_there_at_once_and_asked_of_nobody(clock: VirtualClock) -> None:
    async def asked(call: Call) -> Reply:
        raise AssertionError("it was at hand")

    at_hand = with_look(asked, lambda call: Reply("kept"))
    parts = plan(fragment("a", primary=True), "b")
    first, last = await all_of(clock, parts, lookup(a=at_hand, b=FakeSource(delay_seconds=0.1)))
    assert first.progress.page.outcomes == {"a": Reply("kept")}
    assert first.after == pytest.approx(PATIENCE_SECONDS)
    assert states(last.progress.page) == {"a": "live", "b": "live"}


async def test_late_fragments_come_in_the_order_in_which_they_settle(clock: VirtualClock) -> None:
    delays = {"a": 0.3, "b": 0.1, "c": 0.2}
    sources = {name: FakeSource(delay_seconds=delay) for name, delay in delays.items()}
    seen = await all_of(clock, plan(*delays), lookup(**sources))
    assert [each.progress.pending for each in seen] == [("a", "b", "c"), ("a", "c"), ("a",), ()]
    assert [each.after for each in seen] == pytest.approx([PATIENCE_SECONDS, 0.1, 0.2, 0.3])


async def test_all_ends_at_the_deadline(clock: VirtualClock) -> None:
    hanging = FakeSource(delay_seconds=FOREVER)
    first, last = await all_of(clock, plan("a", "b"), lookup(a=hanging, b=FakeSource()))
    assert first.progress.pending == ("a",)
    assert last.after == pytest.approx(BUDGET_SECONDS)
    assert states(last.progress.page) == {"a": "failed timeout", "b": "live"}
    await asyncio.sleep(0)
    assert hanging.cancelled


async def test_a_late_failure_is_an_outcome_like_any_other(clock: VirtualClock) -> None:
    late = FakeSource(delay_seconds=0.2, raises=SourceRefused("a-source"))
    _, last = await all_of(clock, plan("a", "b"), lookup(a=late, b=FakeSource()))
    assert states(last.progress.page) == {"a": "failed refused", "b": "live"}


async def test_what_settled_while_the_reader_was_away_comes_at_once(clock: VirtualClock) -> None:
    sources = {name: FakeSource(delay_seconds=0.1) for name in ("a", "b")}
    page = stream(plan("a", "b"), call_in(clock), lookup(**sources), patience_seconds=0.01)
    async with aclosing(page):
        await anext(page)
        await asyncio.sleep(0.5)
        before = clock.time()
        last = await anext(page)
    assert (last.pending, clock.time()) == ((), before)


async def test_a_reader_who_comes_back_too_late_gets_what_there_was_in_time(
    clock: VirtualClock,
) -> None:
    sources = lookup(a=FakeSource(delay_seconds=0.1), b=FakeSource(delay_seconds=FOREVER))
    page = stream(plan("a", "b"), call_in(clock), sources, patience_seconds=0.01)
    async with aclosing(page):
        await anext(page)
        await asyncio.sleep(5)
        last = await anext(page)
    assert states(last.page) == {"a": "live", "b": "failed timeout"}


async def test_without_any_time_nothing_is_asked_and_all_comes_at_once(clock: VirtualClock) -> None:
    source = FakeSource()
    call = call_in(clock, 0.0)
    page = [each async for each in stream(plan("a"), call, lookup(a=source))]
    assert [states(each.page) for each in page] == [{"a": "failed timeout"}]
    assert source.calls == []


# ---- primary fragments decide


async def test_nothing_is_said_before_the_primary_fragments_are_there(clock: VirtualClock) -> None:
    parts = plan(fragment("a", primary=True), "b", "c")
    sources = lookup(
        a=FakeSource(delay_seconds=0.2), b=FakeSource(delay_seconds=0.5), c=FakeSource()
    )
    first, _ = await all_of(clock, parts, sources)
    assert first.after == pytest.approx(0.2)
    assert first.settled == ["a", "c"]


@pytest.mark.parametrize("delay", [0.0, 0.2])
async def test_a_primary_fragment_that_fails_raises_before_anything_is_said(
    clock: VirtualClock, delay: float
) -> None:
    slow, told = FakeSource(delay_seconds=FOREVER), Recorder()
    refusing = FakeSource(delay_seconds=delay, raises=SourceRefused("a-source"))
    parts = plan(fragment("a", primary=True), "b")
    with pytest.raises(PrimaryFailed):
        await all_of(clock, parts, lookup(a=refusing, b=slow), told)
    await asyncio.sleep(0)
    assert slow.cancelled
    assert len(told.of(PageComposed)) == 1


async def test_a_primary_fragment_that_never_comes_fails_the_page(clock: VirtualClock) -> None:
    sources = lookup(a=FakeSource(delay_seconds=FOREVER), b=FakeSource())
    with pytest.raises(PrimaryFailed):
        await all_of(clock, plan(fragment("a", primary=True), "b"), sources)


# ---- the reader goes away


async def test_closing_gives_up_what_still_runs_and_reports_no_page(clock: VirtualClock) -> None:
    slow, told = FakeSource(delay_seconds=0.5), Recorder()
    page = stream(plan("a", "b"), call_in(clock), lookup(a=slow, b=FakeSource()), told, 0.01)
    await anext(page)
    before = clock.time()
    await page.aclose()
    await asyncio.sleep(0)
    assert (slow.cancellations, slow.ended, clock.time()) == (1, 0, before)
    assert told.events == []


async def test_a_stubborn_source_does_not_delay_the_closing(clock: VirtualClock) -> None:
    stubborn = FakeSource(delay_seconds=5, stubborn=True)
    page = stream(plan("a"), call_in(clock), lookup(a=stubborn), patience_seconds=0.01)
    await anext(page)
    before = clock.time()
    await page.aclose()
    assert clock.time() == before


async def test_cancelling_the_reader_gives_up_what_still_runs(clock: VirtualClock) -> None:
    slow = FakeSource(delay_seconds=0.5)
    reading = asyncio.create_task(all_of(clock, plan("a"), lookup(a=slow)))
    await asyncio.sleep(0.1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await asyncio.sleep(0)
    assert slow.cancellations == 1


async def test_a_page_that_nobody_holds_any_more_is_given_up(clock: VirtualClock) -> None:
    """As when whatever stands between here and the visitor fails before it has read a word."""
    slow = FakeSource(delay_seconds=0.5)
    page = stream(plan("a"), call_in(clock), lookup(a=slow), patience_seconds=0.01)
    await anext(page)
    del page
    gc.collect()
    await asyncio.sleep(0.1)
    assert slow.cancellations == 1


# ---- what is reported


async def test_events_are_those_of_a_whole_page_and_come_once_at_the_end(
    clock: VirtualClock,
) -> None:
    def sources() -> SourceOf:
        return lookup(
            a=FakeSource(delay_seconds=0.1),
            b=FakeSource(raises=RuntimeError("a bug")),
            c=FakeSource(delay_seconds=FOREVER),
        )

    whole, streamed = Recorder(), Recorder()
    await compose(plan("a", "b", "c"), call_in(clock), sources(), whole)
    page = stream(plan("a", "b", "c"), call_in(clock), sources(), streamed, PATIENCE_SECONDS)
    told_before_the_last = []
    async for progress in page:
        if progress.pending:
            told_before_the_last += streamed.events
    assert told_before_the_last == []
    assert streamed.kinds == whole.kinds
    assert [(each.fragment, each.state) for each in streamed.of(FragmentSettled)] == [
        (each.fragment, each.state) for each in whole.of(FragmentSettled)
    ]
    assert len(streamed.of(FragmentCrashed)) == len(streamed.of(PageComposed)) == 1


# ---- whatever the sources do

DELAYS = st.sampled_from([0.0, 0.005, 0.015, 0.02, 0.1, 0.1, 0.79, 0.81, FOREVER])
BEHAVIOURS = st.lists(st.tuples(DELAYS, st.booleans()), min_size=1, max_size=6)


@given(behaviours=BEHAVIOURS, primary=st.booleans())
def test_a_streamed_page_ends_as_the_whole_one_would(
    behaviours: list[tuple[float, bool]], primary: bool
) -> None:
    """And on its way it only ever grows: what is there stays as it is."""
    clock = VirtualClock()
    names = [f"f{number}" for number in range(len(behaviours))]
    parts = plan(*(fragment(name, primary=primary and name == "f0") for name in names))

    def sources() -> SourceOf:
        made: dict[str, Source] = {
            name: FakeSource(name, delay, SourceRefused(name) if fails else None)
            for name, (delay, fails) in zip(names, behaviours, strict=True)
        }
        return lookup(**made)

    async def both() -> None:
        whole = await ending_of(compose(parts, call_in(clock), sources()))
        seen: list[Progress] = []
        page = stream(parts, call_in(clock), sources(), patience_seconds=PATIENCE_SECONDS)
        assert await ending_of(last_of(page, seen)) == whole
        for before, after in pairwise(seen):
            assert set(after.pending) < set(before.pending)
            assert before.page.outcomes.items() <= after.page.outcomes.items()
            assert {*before.page.outcomes, *before.pending} == set(names)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(both())


async def last_of(page: AsyncIterator[Progress], seen: list[Progress]) -> Composition:
    """Read a page to its end, and note all that it said on its way."""
    async for progress in page:
        seen.append(progress)  # noqa: PERF401 - what was seen counts also where the page fails
    return seen[-1].page


async def ending_of(page: Awaitable[Composition]) -> dict[str, str]:
    """How each fragment ended, also of a page that fails."""
    try:
        return states(await page)
    except PrimaryFailed as failed:
        return states(failed.composition)
