"""The stream of a job: what it tells, to whom, and when it ends."""

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from gateway.aggregation.errors import SourceTimeout
from gateway.giftwrap import stream as streams
from gateway.giftwrap.rules import DONE
from gateway.giftwrap.stream import Crowded, Stream, last_event
from gateway.giftwrap.watching import Standing, Watch
from tests.fakes import VirtualClock

JOB = uuid4()


class Table:
    """Jobs as Postgres would have them; ``looks`` counts the questions."""

    def __init__(self, stage: int | None = 0, overdue: float = 0.0) -> None:
        self.stage, self.overdue, self.looks, self.down = stage, overdue, 0, False

    async def look(self, jobs: list[UUID]) -> Mapping[UUID, Standing]:
        """Say how they all stand."""
        self.looks += 1
        if self.down:
            raise SourceTimeout("wrapping", "down")
        return {} if self.stage is None else dict.fromkeys(jobs, self._standing())

    def _standing(self) -> Standing:
        assert self.stage is not None
        return Standing(self.stage, "red", self.overdue)


async def ids(stream: Stream) -> list[int]:
    """Read to the end; the ids of all events."""
    text = b"".join([part async for part in stream]).decode()
    return [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]


async def test_every_stage_is_told_once_and_the_end_ends_it(clock: VirtualClock) -> None:
    table = Table()
    reading = asyncio.create_task(ids(Stream(Watch(table.look), JOB)))
    for stage in range(1, DONE + 1):
        await asyncio.sleep(1)
        table.stage = stage
    assert await reading == list(range(DONE + 1))


async def test_who_comes_back_gets_what_happened_in_between(clock: VirtualClock) -> None:
    stream = Stream(Watch(Table(DONE).look), JOB)
    await stream.standing()
    stream.after = 3
    assert await ids(stream) == [4, 5, 6]


async def test_many_who_watch_are_one_question(clock: VirtualClock) -> None:
    table = Table(1)
    watch = Watch(table.look)
    opened = [Stream(watch, uuid4()) for _ in range(100)]
    assert all([(await each.standing())[1] for each in opened])
    assert table.looks <= 2


async def test_nobody_looks_when_nobody_watches(clock: VirtualClock) -> None:
    table = Table(1)
    watch = Watch(table.look)
    stream = Stream(watch, JOB)
    await stream.standing()
    stream.close()
    stream.close()
    looks = table.looks
    await asyncio.sleep(60)
    assert (table.looks, len(watch)) == (looks, 0)


async def test_a_late_job_says_so_without_counting(clock: VirtualClock) -> None:
    table = Table(0, overdue=10)
    reading = aiter(Stream(Watch(table.look), JOB))
    await anext(reading)
    while b"data" not in (told := await anext(reading)):
        pass
    assert b'"late":true' in told
    table.overdue = 0
    while b"data" not in (told := await anext(reading)):
        pass
    assert b'"late":false' in told
    assert b"id:" not in told
    await reading.aclose()


async def test_a_stream_beats_while_postgres_is_silent_and_goes_on_after(
    clock: VirtualClock,
) -> None:
    table = Table(1)
    stream = Stream(Watch(table.look), JOB)
    await stream.standing()
    reading = asyncio.create_task(ids(stream))
    table.down = True
    await asyncio.sleep(30)
    assert not reading.done()
    table.down, table.stage = False, DONE
    assert (await reading)[-1] == DONE


async def test_a_job_that_is_not_there_ends_the_stream(clock: VirtualClock) -> None:
    stream = Stream(Watch(Table(None).look), JOB)
    assert await stream.standing() == (True, None)
    assert await ids(stream) == []


async def test_the_end_of_the_gateway_ends_all_streams(clock: VirtualClock) -> None:
    ending = False
    reading = asyncio.create_task(ids(Stream(Watch(Table(1).look), JOB, lambda: ending)))
    await asyncio.sleep(5)
    ending = True
    async with asyncio.timeout(streams.HEARTBEAT_SECONDS + 1):
        assert await reading == [0, 1]


async def test_streams_are_bounded_for_one_job_and_altogether(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 20)
    watch = Watch(Table(1).look)
    opened = [Stream(watch, JOB) for _ in range(streams.MOST_PER_JOB)]
    with pytest.raises(Crowded):
        Stream(watch, JOB)
    opened += [Stream(watch, uuid4()) for _ in range(20 - len(opened))]
    with pytest.raises(Crowded):
        Stream(watch, uuid4())
    opened.pop().close()
    Stream(watch, uuid4()).close()


@pytest.mark.parametrize(
    ("given", "number"),
    [("", -1), ("3", 3), ("6", 6), ("7", -1), ("-1", -1), ("9" * 50, -1), ("٣", -1), ("1\n", -1)],
)
def test_only_numbers_of_ours_count_as_last_event(given: str, number: int) -> None:
    assert last_event(given) == number
