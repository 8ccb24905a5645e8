"""Many who ask the same at once are one question, and it belongs to none of them."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.aggregation.errors import SourceRefused, SourceTimeout
from gateway.aggregation.events import FlightJoined
from gateway.aggregation.source import Call, Reply
from tests.fakes import FakeSource, VirtualClock
from tests.unit.engine.keeping import Kept, hanging, settled


def alone(clock: VirtualClock, source: FakeSource) -> Kept:
    """Return a source with nothing but the flights around it."""
    return Kept(clock, source, policies=("single_flight",))


async def test_two_hundred_who_ask_at_once_are_one_call(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource("said", delay_seconds=0.2))
    replies = await asyncio.gather(*(flown.ask() for _ in range(200)))
    assert len(flown.calls) == 1
    assert replies == [Reply("said")] * 200
    assert flown.told.of(FlightJoined) == [FlightJoined("promo")] * 199


async def test_who_asks_something_else_is_another_call(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource("said", delay_seconds=0.2))
    await asyncio.gather(*(flown.ask(member=number % 3) for number in range(30)))
    assert sorted(call.args["member"] for call in flown.calls) == [0, 1, 2]


async def test_a_flight_that_landed_is_not_joined(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource("said"))
    await flown.ask()
    await flown.ask()
    assert len(flown.calls) == 2


async def test_a_stream_of_visitors_does_not_keep_one_answer_alive(clock: VirtualClock) -> None:
    """One comes at each turn of the loop, and each takes a turn to leave."""
    flown, visitors = alone(clock, FakeSource("said")), []
    for _ in range(40):
        visitors.append(flown.begin())
        await asyncio.sleep(0)
    await asyncio.gather(*visitors)
    assert len(flown.calls) >= 10


async def test_a_flight_goes_on_when_the_one_who_began_it_leaves(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource("said", delay_seconds=0.2))
    leader, follower = flown.begin(), flown.begin()
    await asyncio.sleep(0.1)
    leader.cancel()
    assert (await follower).value == "said"
    assert leader.cancelled()
    assert (len(flown.calls), flown.inner.cancellations) == (1, 0)


async def test_when_the_last_one_leaves_the_call_is_told_to_stop_at_the_next_turn(
    clock: VirtualClock,
) -> None:
    flown = alone(clock, hanging())
    visitors = [flown.begin() for _ in range(3)]
    await settled()
    for visitor in visitors[:2]:
        visitor.cancel()
    await settled()
    assert not flown.inner.cancelled
    visitors[2].cancel()
    await asyncio.wait({visitors[2]})
    await asyncio.sleep(0)
    assert flown.inner.cancelled
    await flown.assert_nothing_is_held()


@pytest.mark.parametrize("turns", range(6))
async def test_who_comes_as_the_last_one_leaves_begins_a_flight_of_its_own(
    clock: VirtualClock, turns: int
) -> None:
    """To join a call that is being given up would be to be cancelled for no reason of one's own."""
    flown = alone(clock, FakeSource("said", delay_seconds=0.2))
    leaver = flown.begin()
    await asyncio.sleep(0.1)
    leaver.cancel()
    await settled(turns)
    comer = flown.begin()
    await asyncio.wait({comer})
    assert comer.result().value == "said"


async def test_a_call_that_is_slow_to_stop_keeps_nobody_from_asking_again(
    clock: VirtualClock,
) -> None:
    flown = alone(clock, FakeSource("said", delay_seconds=5, stubborn=True))
    leaver = flown.begin()
    await asyncio.sleep(0.1)
    leaver.cancel()
    await settled()
    flown.inner.delay_seconds = 0.2
    before = clock.time()
    assert (await flown.ask()).value == "said"
    assert clock.time() - before == pytest.approx(0.2)
    await asyncio.sleep(5)


async def test_who_joins_waits_within_its_own_deadline(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource("said", delay_seconds=1))
    leader, before = flown.begin(2.0), clock.time()
    await settled()
    with pytest.raises(SourceTimeout):
        await flown.ask(0.3)
    assert clock.time() - before == pytest.approx(0.3)
    assert (await leader).value == "said"


async def test_who_has_no_time_left_waits_for_nobody(clock: VirtualClock) -> None:
    flown = alone(clock, hanging())
    before = clock.time()
    with pytest.raises(SourceTimeout):
        await flown.ask(0.0)
    assert clock.time() == before
    await flown.assert_nothing_is_held()


async def test_an_error_reaches_all_who_wait_and_none_who_come_later(clock: VirtualClock) -> None:
    flown = alone(clock, FakeSource(delay_seconds=0.2, raises=SourceRefused("promo")))
    visitors = [flown.begin() for _ in range(20)]
    await asyncio.wait(visitors)
    assert {type(visitor.exception()) for visitor in visitors} == {SourceRefused}
    assert len(flown.calls) == 1
    flown.inner.raises = None
    assert (await flown.ask()).value == "answer"


async def test_an_error_that_nobody_waits_for_any_more_is_nobodys_business(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    late = FakeSource(delay_seconds=1, raises=SourceRefused("promo"), stubborn=True)
    flown = alone(clock, late)
    visitor = flown.begin()
    await asyncio.sleep(0.1)
    visitor.cancel()
    await asyncio.sleep(2)
    await flown.assert_nothing_is_held()
    assert caplog.records == []


# ---- whatever visitors do


@dataclass(frozen=True)
class Visit:
    """When somebody comes, for what, with how much time, and when they leave, if ever."""

    after_ms: int
    key: int
    left_ms: int
    leaves_after_ms: int | None
    leaves_after_turns: int


@dataclass
class Counting:
    """A source that takes ``seconds`` and knows how many calls of a key run at once."""

    seconds: float
    fails: bool
    running: dict[object, int] = field(default_factory=dict)
    most: int = 0
    calls: int = 0

    async def __call__(self, call: Call) -> Reply:
        key = call.args["key"]
        self.calls += 1
        self.running[key] = self.running.get(key, 0) + 1
        self.most = max(self.most, self.running[key])
        try:
            await asyncio.sleep(self.seconds)
            if self.fails:
                raise SourceRefused("promo")
            return Reply(key)
        finally:
            self.running[key] -= 1


VISITS = st.lists(
    st.builds(
        Visit,
        st.integers(0, 6).map(lambda steps: steps * 50),
        st.integers(0, 1),
        st.integers(0, 8).map(lambda steps: steps * 50),
        st.one_of(st.none(), st.integers(0, 4).map(lambda steps: steps * 50)),
        st.integers(0, 11),
    ),
    min_size=1,
    max_size=20,
)


@settings(database=None, deadline=None, max_examples=250, derandomize=True)
@given(visits=VISITS, source_ms=st.sampled_from([0, 50, 100, 250]), fails=st.booleans())
def test_no_coming_and_leaving_leaks_a_flight_or_mixes_up_answers(
    visits: list[Visit], source_ms: int, fails: bool
) -> None:
    async def storm() -> None:
        source = Counting(source_ms / 1000, fails)
        kept = Kept(clock, source)
        visitors = [asyncio.ensure_future(_visit(kept, visit)) for visit in visits]
        await asyncio.wait(visitors)
        for visitor in visitors:
            visitor.result()
        assert source.most <= 2, "one that runs, and one that is being given up"
        await asyncio.sleep(1)
        assert set(source.running.values()) <= {0}
        await kept.assert_nothing_is_held()

    clock = VirtualClock()
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(storm())


async def _visit(kept: Kept, visit: Visit) -> None:
    """Come, and leave; fail if the answer is another's, late, or not our own cancellation."""
    await asyncio.sleep(visit.after_ms / 1000)
    before = kept.clock.time()
    task = kept.begin(visit.left_ms / 1000, key=visit.key)
    if visit.leaves_after_ms is not None:
        await asyncio.sleep(visit.leaves_after_ms / 1000)
        await settled(visit.leaves_after_turns)
        if task.cancel():
            await asyncio.wait({task})
            return
    await asyncio.wait({task})
    assert not task.cancelled(), "nobody left, and yet the call was cancelled"
    if task.exception() is None:
        assert task.result().value == visit.key
    else:
        assert isinstance(task.exception(), SourceRefused | SourceTimeout)
    if visit.leaves_after_ms is None:
        assert kept.clock.time() - before <= visit.left_ms / 1000 + 0.001
