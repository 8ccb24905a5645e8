"""The door: who is let in, in which order, and how many altogether."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.aggregation.events import BulkheadRefused, LimitChanged
from gateway.web.admission import AT_A_TIME, BREATH_SECONDS, DOOR, TELL_SECONDS, Door
from tests.fakes import Recorder, VirtualClock

BUDGET_SECONDS = 0.8
REFUSED_WITHIN_SECONDS = 0.05
PAGE_SECONDS = 0.01
HEAVY_PAGE_SECONDS = 0.11

Page = Callable[[], Awaitable[None]]


@pytest.fixture
def recorder() -> Recorder:
    """Who hears of it."""
    return Recorder()


@pytest.fixture
def door(clock: VirtualClock, recorder: Recorder) -> Door:
    """A door for pages with the usual budget."""
    return Door(BUDGET_SECONDS, recorder, clock.time)


def _taking(seconds: float) -> Page:
    async def page() -> None:
        await asyncio.sleep(seconds)

    return page


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


async def _never_made() -> None:
    pytest.fail("a page was made for somebody who was to be refused")


async def _come(door: Door, how_many: int, page: Page) -> list[asyncio.Task[bool]]:
    """Let visitors come, and return when each is in, waits, or is being refused."""
    visits = [asyncio.create_task(door.pass_through(page)) for _ in range(how_many)]
    for _ in range(5):
        await asyncio.sleep(0)
    return visits


async def _go(visits: list[asyncio.Task[bool]]) -> None:
    for visit in visits:
        visit.cancel()
    await asyncio.gather(*visits, return_exceptions=True)


async def test_whoever_finds_room_is_served_at_once(clock: VirtualClock, door: Door) -> None:
    came = clock.time()
    assert await door.pass_through(_taking(0)) is True
    assert clock.time() == came
    assert door.inside == 0


async def test_only_so_many_pages_are_made_at_a_time(clock: VirtualClock, door: Door) -> None:
    begun: list[float] = []

    async def page() -> None:
        begun.append(clock.time())
        await asyncio.sleep(PAGE_SECONDS)

    visits = await _come(door, AT_A_TIME + 1, page)
    assert len(begun) == AT_A_TIME
    assert all(await asyncio.gather(*visits))
    assert begun[-1] - begun[0] == pytest.approx(PAGE_SECONDS)


async def test_first_come_first_served(clock: VirtualClock, door: Door) -> None:
    served: list[int] = []

    def page_of(number: int) -> Page:
        async def page() -> None:
            served.append(number)
            await asyncio.sleep(PAGE_SECONDS)

        return page

    numbers = range(3 * AT_A_TIME)
    await asyncio.gather(*(door.pass_through(page_of(number)) for number in numbers))
    assert served == list(numbers)


async def test_one_too_many_hears_so_within_50_ms(
    clock: VirtualClock, door: Door, recorder: Recorder
) -> None:
    visits = await _come(door, door.limit, _forever)
    came = clock.time()
    assert await door.pass_through(_never_made) is False
    assert clock.time() - came < REFUSED_WITHIN_SECONDS
    await _go(visits)


async def test_those_who_are_refused_are_told_of_together(
    clock: VirtualClock, door: Door, recorder: Recorder
) -> None:
    for _ in range(3):
        door.refuse()
    assert recorder.of(BulkheadRefused) == []
    await asyncio.sleep(TELL_SECONDS)
    door.refuse()
    await asyncio.sleep(TELL_SECONDS)
    told = recorder.of(BulkheadRefused)
    assert told == [BulkheadRefused(DOOR, "full", 0.0, 3), BulkheadRefused(DOOR, "full", 0.0, 1)]


async def test_those_who_are_being_refused_take_no_room(clock: VirtualClock, door: Door) -> None:
    visits = await _come(door, door.limit + 100, _forever)
    assert door.inside == door.limit
    await asyncio.sleep(BREATH_SECONDS * 2)
    assert sum(visit.done() for visit in visits) == 100
    await _go(visits)


async def test_whose_time_is_gone_is_not_served(
    clock: VirtualClock, door: Door, recorder: Recorder
) -> None:
    visits = await _come(door, AT_A_TIME, _forever)
    came = clock.time()
    assert await door.pass_through(_never_made) is False
    assert clock.time() - came == pytest.approx(door.patience_seconds)
    assert door.patience_seconds < BUDGET_SECONDS
    assert [event.cause for event in recorder.of(BulkheadRefused)] == ["late"]
    await _go(visits)


async def test_time_on_the_way_to_the_door_counts(
    clock: VirtualClock, door: Door, recorder: Recorder
) -> None:
    """There would be a turn at once, and yet too little time is left for the page."""
    came = clock.time() - door.patience_seconds - 0.001
    assert await door.pass_through(_never_made, came) is False
    assert [event.cause for event in recorder.of(BulkheadRefused)] == ["late"]
    assert door.inside == 0
    assert await door.pass_through(_taking(0)) is True, "the turn was lost"


async def test_whoever_leaves_while_he_waits_leaves_no_trace(
    clock: VirtualClock, door: Door
) -> None:
    inside = await _come(door, AT_A_TIME, _taking(PAGE_SECONDS))
    leaving = await _come(door, 10, _forever)
    await _go(leaving)
    assert door.inside == AT_A_TIME
    await asyncio.gather(*inside)
    assert door.inside == 0
    full = await _come(door, AT_A_TIME, _taking(PAGE_SECONDS))
    came = clock.time()
    await asyncio.gather(*full)
    assert clock.time() - came == pytest.approx(PAGE_SECONDS), "a turn was lost"


async def test_whoever_leaves_as_his_turn_comes_passes_it_on(
    clock: VirtualClock, door: Door
) -> None:
    """In every order of the two, some turns of the loop apart."""
    for turns in range(6):
        inside = await _come(door, AT_A_TIME, _forever)
        leaving, waiting = await _come(door, 2, _taking(0))
        inside[0].cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        leaving.cancel()
        assert await waiting is True
        await _go([*inside, leaving])
        assert door.inside == 0


async def test_a_page_that_fails_gives_its_place_back(clock: VirtualClock, door: Door) -> None:
    async def broken() -> None:
        raise RuntimeError("our own fault")

    for _ in range(AT_A_TIME + 1):
        with pytest.raises(RuntimeError):
            await door.pass_through(broken)
    assert door.inside == 0
    assert await door.pass_through(_taking(0)) is True


async def test_the_limit_falls_when_turns_come_late_and_climbs_back(
    clock: VirtualClock, door: Door, recorder: Recorder
) -> None:
    before = door.limit
    await asyncio.gather(*(door.pass_through(_taking(HEAVY_PAGE_SECONDS)) for _ in range(before)))
    fallen = door.limit
    assert fallen < before
    assert recorder.of(LimitChanged) == [LimitChanged(DOOR, fallen)]
    for _ in range(20):
        await asyncio.gather(*(door.pass_through(_taking(PAGE_SECONDS)) for _ in range(door.limit)))
    assert door.limit >= before


async def test_few_visitors_teach_nothing(clock: VirtualClock, door: Door) -> None:
    """Where nobody had to wait the limit was not tried, and nobody knows what it could be."""
    before = door.limit
    for _ in range(before * 3):
        await door.pass_through(_taking(PAGE_SECONDS))
    assert door.limit == before


async def test_the_limit_never_falls_below_what_is_made_at_a_time(
    clock: VirtualClock, door: Door
) -> None:
    lowest = door.limit
    for _ in range(40):
        visits = (door.pass_through(_taking(BUDGET_SECONDS)) for _ in range(door.limit))
        await asyncio.gather(*visits)
        lowest = min(lowest, door.limit)
    assert lowest == AT_A_TIME
