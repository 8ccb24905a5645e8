import asyncio
import gc
import weakref
from dataclasses import replace

import pytest

from gateway.aggregation.compose import (
    Composition,
    Failed,
    Outcome,
    Plan,
    compose,
    reason_of,
    state_of,
)
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    BadStatus,
    PrimaryFailed,
    SourceCrashed,
    SourceRefused,
    SourceTimeout,
)
from gateway.aggregation.events import FragmentCrashed, FragmentSettled, PageComposed
from gateway.aggregation.source import Call, Reply, Source, State
from tests.fakes import FOREVER, FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import (
    BUDGET_SECONDS,
    RESERVE_SECONDS,
    call_in,
    fragment,
    lookup,
    plan,
    states,
)

SEVERAL = ("promo", "recco", "member")


async def a_few_turns() -> None:
    """Let what was cancelled notice it; no time passes."""
    for _ in range(5):
        await asyncio.sleep(0)


# ---- what a page is made of


async def test_a_page_has_every_reply_in_the_order_of_the_plan(clock: VirtualClock) -> None:
    slow, quick = FakeSource("slow", delay_seconds=0.5), FakeSource("quick")
    page = await compose(plan("a", "b"), call_in(clock), lookup(a=slow, b=quick))
    assert list(page.outcomes) == ["a", "b"]
    assert page.outcomes["a"] == Reply("slow")
    assert page.outcomes["b"] == Reply("quick")
    assert page.plan == "home"
    assert page.complete


async def test_all_sources_are_asked_at_once(clock: VirtualClock) -> None:
    """The page takes as long as its slowest source, not as long as their sum."""
    sources = {name: FakeSource(delay_seconds=0.3) for name in SEVERAL}
    page = await compose(plan(*SEVERAL), call_in(clock), lookup(**sources))
    assert page.page_seconds == pytest.approx(0.3)
    assert page.complete


async def test_each_fragment_tells_how_long_it_took(clock: VirtualClock) -> None:
    sources = lookup(a=FakeSource(delay_seconds=0.1), b=FakeSource(delay_seconds=FOREVER))
    page = await compose(plan("a", "b"), call_in(clock), sources)
    assert page.seconds == {"a": pytest.approx(0.1), "b": pytest.approx(BUDGET_SECONDS)}
    assert page.page_seconds == pytest.approx(BUDGET_SECONDS)


async def test_a_page_of_nothing_is_complete(clock: VirtualClock) -> None:
    page = await compose(plan(), call_in(clock), lookup())
    assert (page.outcomes, page.complete) == ({}, True)


async def test_one_source_may_feed_two_fragments(clock: VirtualClock) -> None:
    promo = fragment("promo")
    source = FakeSource()
    twice = plan(promo, replace(promo, name="banner"))
    page = await compose(twice, call_in(clock), lookup(promo=source))
    assert list(page.outcomes) == ["promo", "banner"]
    assert len(source.calls) == 2


def test_a_plan_names_no_fragment_twice() -> None:
    with pytest.raises(ValueError, match=r"plan 'home' names a fragment twice: a, b, a"):
        plan("a", "b", "a")


# ---- what a source is asked


async def test_a_source_is_asked_with_its_own_arguments_alone(clock: VirtualClock) -> None:
    a, b = FakeSource(), FakeSource()
    parts = plan(fragment("a", asks=("day",)), fragment("b", asks=("member_id", "unknown")))
    call = call_in(clock, day="2026-11-20", member_id="42", theme="dark")
    await compose(parts, call, lookup(a=a, b=b))
    assert a.calls[0].args == {"day": "2026-11-20"}
    assert b.calls[0].args == {"member_id": "42", "unknown": None}


async def test_baggage_reaches_every_source(clock: VirtualClock) -> None:
    a, b = FakeSource(), FakeSource()
    call = Call(Deadline.after(10, clock.time), {}, {"request-id": "r-1"})
    await compose(plan("a", "b"), call, lookup(a=a, b=b))
    assert [each.calls[0].baggage for each in (a, b)] == [{"request-id": "r-1"}] * 2


async def test_a_source_must_end_a_reserve_before_the_page(clock: VirtualClock) -> None:
    source, before = FakeSource(), clock.time()
    await compose(plan("a"), call_in(clock), lookup(a=source))
    [deadline] = source.deadlines
    assert deadline.at - before == pytest.approx(BUDGET_SECONDS - RESERVE_SECONDS)
    assert deadline.clock == clock.time


async def test_a_caller_in_a_hurry_shortens_the_budget(clock: VirtualClock) -> None:
    source = FakeSource(delay_seconds=FOREVER)
    page = await compose(plan("a"), call_in(clock, 0.2), lookup(a=source))
    assert page.page_seconds == pytest.approx(0.2)


async def test_a_caller_with_time_does_not_stretch_the_budget(clock: VirtualClock) -> None:
    source = FakeSource(delay_seconds=FOREVER)
    page = await compose(plan("a", budget_seconds=0.5), call_in(clock, 60), lookup(a=source))
    assert page.page_seconds == pytest.approx(0.5)


# ---- a fragment fails alone


async def test_a_fragment_fails_alone(clock: VirtualClock) -> None:
    sources = lookup(
        promo=FakeSource(raises=SourceRefused("promo-source")),
        recco=FakeSource("books", delay_seconds=0.3),
        member=FakeSource("Ada"),
    )
    page = await compose(plan(*SEVERAL), call_in(clock), sources)
    assert states(page) == {"promo": "failed refused", "recco": "live", "member": "live"}
    assert page.page_seconds == pytest.approx(0.3)
    assert not page.complete


async def test_the_error_of_a_fragment_is_kept_as_it_was(clock: VirtualClock) -> None:
    error = BadStatus("a-source", 503)
    page = await compose(plan("a"), call_in(clock), lookup(a=FakeSource(raises=error)))
    assert page.outcomes["a"] == Failed(error)


async def test_all_fragments_may_fail_and_there_is_a_page(clock: VirtualClock) -> None:
    down = FakeSource(raises=SourceRefused("x"))
    page = await compose(plan("a", "b"), call_in(clock), lookup(a=down, b=down))
    assert states(page) == {"a": "failed refused", "b": "failed refused"}


async def test_a_slow_source_delays_no_other(clock: VirtualClock) -> None:
    """It is given up at the page's deadline, and the others' replies are kept."""
    slow = FakeSource(delay_seconds=30)
    page = await compose(plan("a", "b"), call_in(clock), lookup(a=slow, b=FakeSource("quick")))
    assert page.page_seconds == pytest.approx(BUDGET_SECONDS)
    assert states(page) == {"a": "failed timeout", "b": "live"}
    assert page.seconds["b"] == 0.0
    await a_few_turns()
    assert slow.cancelled


async def test_a_source_that_ignores_its_cancellation_does_not_delay_the_page(
    clock: VirtualClock,
) -> None:
    stubborn = FakeSource(delay_seconds=30, stubborn=True)
    page = await compose(plan("a", "b"), call_in(clock), lookup(a=stubborn, b=FakeSource()))
    assert page.page_seconds == pytest.approx(BUDGET_SECONDS)
    assert states(page) == {"a": "failed timeout", "b": "live"}
    await a_few_turns()
    assert (stubborn.cancellations, stubborn.ended) == (1, 0)
    await asyncio.sleep(60)
    assert stubborn.ended == 1
    assert states(page) == {"a": "failed timeout", "b": "live"}


async def test_a_source_that_ends_in_an_error_long_after_the_page_is_quiet(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    late = FakeSource(delay_seconds=30, stubborn=True, raises=RuntimeError("too late to matter"))
    await compose(plan("a"), call_in(clock), lookup(a=late))
    await asyncio.sleep(60)
    gc.collect()
    assert late.ended == 1
    assert caplog.records == []


async def test_what_was_given_up_is_held_until_it_ends(clock: VirtualClock) -> None:
    """The loop's references are weak: a task that nobody holds may vanish in its clean-up."""
    cleaning = list[weakref.ref[asyncio.Future[None]]]()

    async def slow_to_clean_up(call: Call) -> Reply:
        try:
            await asyncio.sleep(60)
        finally:
            future = asyncio.get_running_loop().create_future()
            cleaning.append(weakref.ref(future))
            await future
        return Reply("never")

    await compose(plan("a"), call_in(clock), lookup(a=slow_to_clean_up))
    await a_few_turns()
    gc.collect()
    future = cleaning[0]()
    assert future is not None, "the task vanished before it had cleaned up"
    future.set_result(None)
    await a_few_turns()


async def test_a_reply_at_the_last_moment_counts(clock: VirtualClock) -> None:
    source = FakeSource(delay_seconds=BUDGET_SECONDS - 0.001)
    page = await compose(plan("a"), call_in(clock), lookup(a=source))
    assert page.complete


async def test_a_reply_that_is_in_hand_counts_though_the_loop_came_late(
    clock: VirtualClock,
) -> None:
    """Code that blocks the loop past the deadline must not throw away what is there already."""

    async def blocking(call: Call) -> Reply:
        clock.advance(5)
        return Reply("here")

    page = await compose(plan("a"), call_in(clock), lookup(a=blocking))
    assert states(page) == {"a": "live"}


async def test_without_any_time_no_source_is_asked(clock: VirtualClock) -> None:
    source, primary = FakeSource(), FakeSource()
    call = call_in(clock, 1)
    clock.advance(1)
    page = await compose(plan("a", "b"), call, lookup(a=source, b=primary))
    assert states(page) == {"a": "failed timeout", "b": "failed timeout"}
    assert page.page_seconds == 0.0
    await a_few_turns()
    assert source.calls == primary.calls == []


async def test_without_any_time_a_page_with_a_primary_fragment_fails(clock: VirtualClock) -> None:
    call = call_in(clock, 1)
    clock.advance(2)
    with pytest.raises(PrimaryFailed) as caught:
        await compose(plan(fragment("a", primary=True)), call, lookup(a=FakeSource()))
    assert states(caught.value.composition) == {"a": "failed timeout"}


# ---- faults of our own


async def test_a_bug_in_a_source_fails_its_fragment_alone(clock: VirtualClock) -> None:
    bug, told = ZeroDivisionError("our own fault"), Recorder()
    sources = lookup(a=FakeSource(raises=bug), b=FakeSource())
    page = await compose(plan("a", "b"), call_in(clock), sources, told)
    assert states(page) == {"a": "failed crashed", "b": "live"}
    outcome = page.outcomes["a"]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, SourceCrashed)
    assert outcome.error.source == "a-source"
    assert outcome.error.__cause__ is bug
    assert told.of(FragmentCrashed) == [FragmentCrashed("home", "a", bug)]


async def test_a_source_that_cannot_be_found_fails_its_fragment_alone(clock: VirtualClock) -> None:
    told = Recorder()
    page = await compose(plan("a", "b"), call_in(clock), lookup(b=FakeSource()), told)
    assert states(page) == {"a": "failed crashed", "b": "live"}
    [crash] = told.of(FragmentCrashed)
    assert isinstance(crash.error, KeyError)


async def test_a_source_that_cancels_itself_has_crashed(clock: VirtualClock) -> None:
    told = Recorder()
    sources = lookup(a=FakeSource(raises=asyncio.CancelledError()), b=FakeSource(delay_seconds=0.2))
    page = await compose(plan("a", "b"), call_in(clock), sources, told)
    assert states(page) == {"a": "failed crashed", "b": "live"}
    [crash] = told.of(FragmentCrashed)
    assert isinstance(crash.error, asyncio.CancelledError)


async def test_an_expected_error_is_no_crash(clock: VirtualClock) -> None:
    told = Recorder()
    source = FakeSource(raises=SourceTimeout("a"))
    await compose(plan("a"), call_in(clock), lookup(a=source), told)
    assert told.of(FragmentCrashed) == []


# ---- primary fragments


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (SourceRefused("a-source"), "failed refused"),
        (RuntimeError("a bug"), "failed crashed"),
        (asyncio.CancelledError(), "failed crashed"),
    ],
)
async def test_a_primary_fragment_that_fails_ends_the_page_at_once(
    clock: VirtualClock, raised: BaseException, reason: str
) -> None:
    slow, before = FakeSource(delay_seconds=FOREVER), clock.time()
    primary = FakeSource(delay_seconds=0.1, raises=raised)
    parts = plan("slow", fragment("a", primary=True), "quick")
    sources = lookup(a=primary, slow=slow, quick=FakeSource())
    with pytest.raises(PrimaryFailed) as caught:
        await compose(parts, call_in(clock), sources)
    assert clock.time() - before == pytest.approx(0.1)
    assert caught.value.fragment == "a"
    assert states(caught.value.composition) == {
        "slow": "failed cancelled",
        "a": reason,
        "quick": "live",
    }
    await a_few_turns()
    assert slow.cancelled


async def test_a_primary_fragment_that_fails_waits_for_no_stubborn_source(
    clock: VirtualClock,
) -> None:
    stubborn, before = FakeSource(delay_seconds=60, stubborn=True), clock.time()
    parts = plan(fragment("a", primary=True), "b")
    sources = lookup(a=FakeSource(raises=SourceRefused("a"), delay_seconds=0.1), b=stubborn)
    with pytest.raises(PrimaryFailed):
        await compose(parts, call_in(clock), sources)
    assert clock.time() - before == pytest.approx(0.1)


async def test_a_primary_fragment_without_an_answer_in_time_fails_the_page(
    clock: VirtualClock,
) -> None:
    before, parts = clock.time(), plan(fragment("a", primary=True), "b")
    sources = lookup(a=FakeSource(delay_seconds=FOREVER), b=FakeSource("kept"))
    with pytest.raises(PrimaryFailed) as caught:
        await compose(parts, call_in(clock), sources)
    assert clock.time() - before == pytest.approx(BUDGET_SECONDS)
    assert states(caught.value.composition) == {"a": "failed timeout", "b": "live"}


async def test_a_primary_fragment_that_is_there_does_not_end_the_page(clock: VirtualClock) -> None:
    """The first to be done wakes the page up; the slower ones are waited for all the same."""
    parts = plan(fragment("a", primary=True), fragment("b", primary=True), "c", "d")
    sources = lookup(
        a=FakeSource(),
        b=FakeSource(delay_seconds=0.2),
        c=FakeSource(delay_seconds=0.5),
        d=FakeSource(delay_seconds=0.1, raises=SourceRefused("d")),
    )
    page = await compose(parts, call_in(clock), sources)
    assert states(page) == {"a": "live", "b": "live", "c": "live", "d": "failed refused"}
    assert page.page_seconds == pytest.approx(0.5)


async def test_an_optional_fragment_that_fails_early_ends_nothing(clock: VirtualClock) -> None:
    parts = plan(fragment("a", primary=True), "b")
    sources = lookup(a=FakeSource(delay_seconds=0.3), b=FakeSource(raises=SourceRefused("b")))
    page = await compose(parts, call_in(clock), sources)
    assert states(page) == {"a": "live", "b": "failed refused"}


async def test_a_primary_fragment_with_a_fallback_is_there(clock: VirtualClock) -> None:
    source = FakeSource(Reply("a guest", State.FALLBACK, reason="refused"))
    page = await compose(plan(fragment("a", primary=True)), call_in(clock), lookup(a=source))
    assert states(page) == {"a": "fallback refused"}
    assert not page.complete


async def test_a_failed_page_is_reported_before_it_is_raised(clock: VirtualClock) -> None:
    told, parts = Recorder(), plan(fragment("a", primary=True), "b")
    sources = lookup(a=FakeSource(raises=SourceRefused("a")), b=FakeSource(delay_seconds=FOREVER))
    with pytest.raises(PrimaryFailed):
        await compose(parts, call_in(clock), sources, told)
    assert [(event.fragment, event.reason) for event in told.of(FragmentSettled)] == [
        ("a", "refused"),
        ("b", "cancelled"),
    ]
    assert told.of(PageComposed) == [PageComposed("home", False, 0.0)]


# ---- a visitor who goes away


async def test_cancelling_the_page_cancels_every_source(clock: VirtualClock) -> None:
    sources = {name: FakeSource(delay_seconds=FOREVER) for name in SEVERAL}
    parts = plan("promo", "recco", fragment("member", primary=True))
    page = asyncio.create_task(compose(parts, call_in(clock), lookup(**sources)))
    await asyncio.sleep(0.1)
    before = clock.time()
    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page
    await a_few_turns()
    assert [source.cancellations for source in sources.values()] == [1, 1, 1]
    assert clock.time() == before


async def test_cancelling_the_page_waits_for_no_stubborn_source(clock: VirtualClock) -> None:
    stubborn = FakeSource(delay_seconds=60, stubborn=True)
    page = asyncio.create_task(compose(plan("a"), call_in(clock), lookup(a=stubborn)))
    await asyncio.sleep(0.1)
    before = clock.time()
    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page
    assert clock.time() == before


@pytest.mark.parametrize("turns", range(8))
async def test_a_page_may_be_cancelled_at_any_turn(clock: VirtualClock, turns: int) -> None:
    """Before its sources started, while they run, or as they end: nothing is left running."""
    sources = {name: FakeSource(delay_seconds=FOREVER) for name in SEVERAL}
    before = asyncio.all_tasks()
    page = asyncio.create_task(compose(plan(*SEVERAL), call_in(clock), lookup(**sources)))
    for _ in range(turns):
        await asyncio.sleep(0)
    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page
    await a_few_turns()
    assert asyncio.all_tasks() == before
    assert all(source.cancelled for source in sources.values() if source.calls)


async def test_a_cancelled_page_reports_no_page(clock: VirtualClock) -> None:
    told = Recorder()
    source = FakeSource(delay_seconds=FOREVER)
    page = asyncio.create_task(compose(plan("a"), call_in(clock), lookup(a=source), told))
    await asyncio.sleep(0.1)
    page.cancel()
    await asyncio.gather(page, return_exceptions=True)
    assert told.events == []


async def test_no_task_outlives_a_page_that_was_composed(clock: VirtualClock) -> None:
    before = asyncio.all_tasks()
    sources = lookup(a=FakeSource(), b=FakeSource(delay_seconds=FOREVER))
    await compose(plan("a", "b"), call_in(clock), sources)
    await a_few_turns()
    assert asyncio.all_tasks() == before


async def test_pages_side_by_side_do_not_meet(clock: VirtualClock) -> None:
    async def page_of(name: str, source: Source) -> str:
        page = await compose(plan(name), call_in(clock), lookup(**{name: source}))
        return states(page)[name]

    found = await asyncio.gather(
        page_of("a", FakeSource(raises=SourceRefused("a"))),
        page_of("b", FakeSource(delay_seconds=FOREVER)),
        page_of("c", FakeSource(delay_seconds=0.7)),
    )
    assert found == ["failed refused", "failed timeout", "live"]


# ---- what is reported


async def test_a_page_reports_each_fragment_and_then_itself(clock: VirtualClock) -> None:
    told = Recorder()
    sources = lookup(
        a=FakeSource(delay_seconds=0.25),
        b=FakeSource(raises=SourceRefused("b-source")),
        c=FakeSource(Reply("old", State.STALE, age=12, reason="timeout")),
    )
    await compose(plan("a", "b", "c"), call_in(clock), sources, told)
    seconds = pytest.approx(0.25)
    assert told.events == [
        FragmentSettled("home", "a", "live", seconds, None),
        FragmentSettled("home", "b", "failed", 0.0, "refused"),
        FragmentSettled("home", "c", "stale", 0.0, "timeout"),
        PageComposed("home", False, seconds),
    ]


# ---- the words


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Reply("v"), "live", None),
        (Reply("v", State.FRESH, age=3), "fresh", None),
        (Reply("v", State.STALE, reason="timeout"), "stale", "timeout"),
        (Reply("v", State.FALLBACK, reason="refused"), "fallback", "refused"),
        (Failed(SourceTimeout("a")), "failed", "timeout"),
        (Failed(BadStatus("a", 500)), "failed", "status"),
    ],
)
def test_an_outcome_says_its_state_and_reason_in_words(
    outcome: Outcome, state: str, reason: str | None
) -> None:
    assert (state_of(outcome), reason_of(outcome)) == (state, reason)
    assert type(state_of(outcome)) is str


@pytest.mark.parametrize(
    ("outcome", "whole"),
    [
        (Reply("v"), True),
        (Reply("v", State.FRESH), True),
        (Reply("v", State.STALE), False),
        (Reply("v", State.FALLBACK), False),
        (Failed(SourceTimeout("a")), False),
    ],
)
def test_a_page_is_complete_when_every_fragment_is_live_or_fresh(
    outcome: Outcome, whole: bool
) -> None:
    outcomes = {"first": Reply("v"), "second": outcome}
    assert Composition("home", outcomes, {}, 0.1).complete is whole


def test_fragments_are_optional_unless_said_otherwise() -> None:
    assert Plan("home", 0.8, (fragment("a"),)).fragments[0].primary is False
