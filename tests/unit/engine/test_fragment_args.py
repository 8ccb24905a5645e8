"""Fragments with arguments of their own: one source, asked for different things on one page."""

from dataclasses import replace

from gateway.aggregation.compose import Fragment, compose
from tests.fakes import FakeSource, VirtualClock
from tests.unit.engine.pages import Named, call_in, plan

WEATHER = Named("weather", ("latitude", "on"))


async def test_fragments_of_one_source_are_asked_for_what_each_is_about(
    clock: VirtualClock,
) -> None:
    source = FakeSource()
    fragments = [Fragment(name, WEATHER, args={"latitude": n}) for n, name in enumerate("abc")]
    page = await compose(plan(*fragments), call_in(clock, on="today"), lambda _: source)
    assert list(page.outcomes) == ["a", "b", "c"]
    assert [dict(call.args) for call in source.calls] == [
        {"latitude": n, "on": "today"} for n in range(3)
    ]


async def test_a_fragment_s_own_arguments_win_over_the_page_s(clock: VirtualClock) -> None:
    source = FakeSource()
    one = Fragment("one", WEATHER, args={"latitude": 1.5})
    await compose(plan(one), call_in(clock, latitude="page"), lambda _: source)
    assert source.calls[0].args["latitude"] == 1.5


async def test_a_source_gets_no_argument_that_it_does_not_ask_for(clock: VirtualClock) -> None:
    source = FakeSource()
    one = Fragment("one", WEATHER, args={"latitude": 1.5, "mood": "good"})
    await compose(plan(one), call_in(clock, secret="x"), lambda _: source)
    assert dict(source.calls[0].args) == {"latitude": 1.5, "on": None}


def test_a_fragment_can_be_told_apart_and_counted_whatever_its_arguments() -> None:
    one = Fragment("one", WEATHER, args={"latitude": 1.5})
    assert one != replace(one, args={"latitude": 2.5})
    assert len({one, replace(one)}) == 1
