"""A page all of which is at hand: composed without waiting, or not at all."""

from gateway.aggregation.compose import compose_at_hand
from gateway.aggregation.events import FragmentSettled, PageComposed
from gateway.aggregation.source import Call, Reply, Source, State, with_look
from tests.fakes import FakeSource, Recorder, VirtualClock
from tests.unit.engine.pages import call_in, fragment, lookup, plan

NEAR = Reply("near", State.FRESH, 1.0, 5.0)


def at_hand(reply: Reply | None) -> Source:
    async def source(call: Call) -> Reply:
        raise AssertionError("it should have been looked into only")

    return with_look(source, lambda call: reply)


async def test_it_has_every_reply_in_the_order_of_the_plan(clock: VirtualClock) -> None:
    sources = lookup(a=at_hand(NEAR), b=at_hand(Reply("other", State.FRESH)))
    page = compose_at_hand(plan("a", "b"), call_in(clock), sources)
    assert page is not None
    assert [*page.outcomes] == ["a", "b"]
    assert page.outcomes["a"] == NEAR
    assert page.complete


async def test_it_is_told_of_like_any_other(clock: VirtualClock) -> None:
    told = Recorder()
    compose_at_hand(plan("a"), call_in(clock), lookup(a=at_hand(NEAR)), told)
    assert told.of(FragmentSettled) == [FragmentSettled("home", "a", "fresh", 0.0, None)]
    assert told.of(PageComposed) == [PageComposed("home", True, 0.0)]


async def test_there_is_none_where_one_source_must_be_asked(clock: VirtualClock) -> None:
    told = Recorder()
    for missing in (at_hand(None), FakeSource("never at hand")):
        sources = lookup(a=at_hand(NEAR), b=missing)
        assert compose_at_hand(plan("a", "b"), call_in(clock), sources, told) is None
    assert told.of(PageComposed) == []


async def test_a_source_is_shown_what_it_declares_and_no_more(clock: VirtualClock) -> None:
    seen: list[Call] = []

    def look(call: Call) -> Reply:
        seen.append(call)
        return NEAR

    source = with_look(FakeSource("a"), look)
    call = call_in(clock, on="today", member_id="7")
    compose_at_hand(plan(fragment("a", asks=("on",))), call, lookup(a=source))
    assert [each.args for each in seen] == [{"on": "today"}]
