"""The record of one request: what belongs to what, for how long, and at what cost."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.aggregation.errors import SourceRefused
from gateway.aggregation.events import CacheMissed, FragmentSettled
from gateway.aggregation.record import (
    MOST_MOMENTS,
    MOST_STEPS,
    Record,
    Step,
    current_step,
    note,
    settled,
    step,
)
from tests.fakes import VirtualClock


@contextmanager
def recorded(clock: VirtualClock | None = None) -> Iterator[Record]:
    """A record that is open; its root is the first of its steps."""
    record = Record("a" * 32, True, 0.8, (clock or VirtualClock()).time)
    with record.begin("request", "GET", None):
        yield record
    record.close()


def shape(record: Record) -> list[tuple[str, str]]:
    """Each step's name, and that of the one it is within."""
    return [(each.name, each.within.name if each.within else "") for each in record.steps]


def test_without_a_record_a_step_is_nothing() -> None:
    with step("cache", "promo") as it:
        note("said")
        assert it is None
        assert current_step() is None


def test_steps_lie_within_each_other() -> None:
    with recorded() as record:
        with step("fragment", "promo"), step("http", "call"):
            pass
        with step("fragment", "recco"):
            pass
    assert shape(record) == [("GET", ""), ("promo", "GET"), ("call", "promo"), ("recco", "GET")]


async def test_side_by_side_each_task_is_within_its_own_step(clock: VirtualClock) -> None:
    """Two calls of one source at once, as a hedge makes them, do not get mixed up."""

    async def call(name: str) -> None:
        with step("fragment", name):
            await asyncio.sleep(0.1)
            await asyncio.ensure_future(inner(name))

    async def inner(name: str) -> None:
        with step("http", f"{name}-call"):
            await asyncio.sleep(0.1)
            note(name)

    with recorded(clock) as record:
        await asyncio.gather(call("a"), call("b"))
    found = {each.name: each for each in record.steps}
    for name in ("a", "b"):
        made = found[f"{name}-call"]
        assert made.within is found[name]
        assert [moment.what for moment in made.moments] == [name]
        assert (made.began, made.ended) == (1000.1, 1000.2)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceRefused("promo"), "refused"),
        (asyncio.CancelledError(), "given-up"),
        (ValueError("a secret"), "crashed"),
    ],
)
def test_a_step_that_fails_says_why_in_a_word(error: BaseException, reason: str) -> None:
    with recorded() as record:
        with pytest.raises(type(error)), step("http", "promo"):
            raise error
        assert current_step() is record.steps[0]
    assert record.steps[1].reason == reason


async def test_what_goes_on_after_the_page_adds_nothing(clock: VirtualClock) -> None:
    """A refresh beside the page inherits the record, and must not make it grow."""

    async def refresh() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)
            with step("http", "promo"):
                note(CacheMissed("promo"))

    with recorded(clock) as record:
        task = asyncio.create_task(refresh())
        await asyncio.sleep(0.15)
    kept = len(record.steps), record.moments
    await task
    assert (len(record.steps), record.moments) == kept == (2, 1)


async def test_a_step_that_ends_after_the_page_has_no_end(clock: VirtualClock) -> None:
    async def slow() -> None:
        with step("http", "promo"):
            await asyncio.sleep(1.0)

    with recorded(clock) as record:
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.1)
    await task
    assert record.steps[1].ended is None


def test_a_record_holds_so_much_and_no_more() -> None:
    with recorded() as record:
        for number in range(MOST_STEPS + 10):
            with step("http", str(number)):
                pass
        for _ in range(MOST_MOMENTS + 5):
            note("again")
    assert len(record.steps) == MOST_STEPS
    assert sum(len(each.moments) for each in record.steps) == MOST_MOMENTS
    assert record.left_out == 11 + 5


def test_what_is_one_too_many_belongs_to_the_step_around_it() -> None:
    with recorded() as record:
        record.steps += [record.steps[0]] * MOST_STEPS
        with step("http", "one too many") as it:
            assert it is None
            assert current_step() is record.steps[0]


def test_each_step_has_a_name_of_its_own_in_the_trace() -> None:
    with recorded() as record:
        for _ in range(50):
            with step("http", "promo") as it:
                assert isinstance(it, Step)
                assert it.traceparent == f"00-{'a' * 32}-{it.id}-01"
    assert len({each.id for each in record.steps}) == 51
    record.sampled = False
    assert record.steps[0].traceparent.endswith("-00")


def test_a_fragments_end_is_found_with_its_own_plan() -> None:
    with recorded() as record:
        for plan, state in (("one", "live"), ("other", "stale")):
            with step("plan", plan):
                with step("fragment", "promo"):
                    pass
                note(FragmentSettled(plan, "promo", state, 0.1))
    ends = [settled(each) for each in record.steps if each.kind == "fragment"]
    assert [end.state for end in ends if end] == ["live", "stale"]
    assert settled(record.steps[0]) is None
