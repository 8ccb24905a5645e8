"""When a Redis that is late is left alone, and for how long."""

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as Refused

from gateway.aggregation.events import CacheFailed
from gateway.sources.redis_cache import OPERATION_SECONDS, REST_SECONDS, SharedRedis
from tests.fakes import FOREVER, Recorder, VirtualClock


class Redis:
    """A server that takes so many seconds, or raises."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.raises: Exception | None = None
        self.asked = 0

    async def say(self) -> str:
        """Say something."""
        self.asked += 1
        if self.seconds == FOREVER:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(self.seconds)
        if self.raises:
            raise self.raises
        return "said"


class Shared(SharedRedis):
    """A ``SharedRedis`` whose server and listener are at hand."""

    def __init__(self, clock: VirtualClock) -> None:
        self.server, self.told = Redis(), Recorder()
        client: Any = self.server
        super().__init__(client, clock.wall, self.told)

    async def question(self) -> str | None:
        """Ask it something."""
        return await self.ask("thing", "get", lambda redis: redis.say())  # type: ignore[attr-defined]


@pytest.fixture
def shared(clock: VirtualClock) -> Shared:
    return Shared(clock)


async def test_what_it_answers_is_returned(clock: VirtualClock, shared: Shared) -> None:
    assert await shared.question() == "said"
    assert shared.told.events == []


async def test_after_two_late_answers_it_is_left_alone_for_a_moment(
    clock: VirtualClock, shared: Shared
) -> None:
    shared.server.seconds = FOREVER
    before = clock.time()
    assert [await shared.question() for _ in range(20)] == [None] * 20
    assert clock.time() - before == pytest.approx(2 * OPERATION_SECONDS)
    assert shared.server.asked == 2
    assert [event.reason for event in shared.told.of(CacheFailed)] == ["timeout"] * 2


async def test_after_a_rest_one_late_answer_is_enough(clock: VirtualClock, shared: Shared) -> None:
    shared.server.seconds = FOREVER
    for _ in range(2):
        await shared.question()
    await asyncio.sleep(REST_SECONDS)
    for _ in range(5):
        await shared.question()
    assert shared.server.asked == 3


async def test_after_a_rest_it_is_used_as_before(clock: VirtualClock, shared: Shared) -> None:
    shared.server.seconds = FOREVER
    for _ in range(2):
        await shared.question()
    shared.server.seconds = 0.0
    await asyncio.sleep(REST_SECONDS)
    assert await shared.question() == "said"
    shared.server.seconds = FOREVER
    await shared.question()
    shared.server.seconds = 0.0
    assert await shared.question() == "said", "one late answer of a Redis that is well again"


async def test_many_late_answers_of_one_moment_are_one(clock: VirtualClock, shared: Shared) -> None:
    """It may be we who were busy."""
    shared.server.seconds = FOREVER
    await asyncio.gather(*(shared.question() for _ in range(50)))
    shared.server.seconds = 0.0
    assert await shared.question() == "said"


async def test_late_answers_that_overlap_still_add_up(clock: VirtualClock, shared: Shared) -> None:
    async def page(after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        for _ in range(3):
            await shared.question()

    shared.server.seconds = FOREVER
    await asyncio.gather(*(page(step * 0.03) for step in range(6)))
    before = clock.time()
    assert await shared.question() is None
    assert clock.time() == before, "it was asked though it hangs"


async def test_one_that_refuses_costs_nothing_and_is_asked_again(
    clock: VirtualClock, shared: Shared
) -> None:
    shared.server.raises = Refused("nobody listens")
    for _ in range(5):
        assert await shared.question() is None
    shared.server.raises = None
    assert await shared.question() == "said"


async def test_a_wall_clock_that_is_set_back_makes_no_rest_longer(
    clock: VirtualClock, shared: Shared
) -> None:
    shared.server.seconds = FOREVER
    for _ in range(2):
        await shared.question()
    clock.wall_offset -= 3600
    shared.server.seconds = 0.0
    await asyncio.sleep(REST_SECONDS)
    assert await shared.question() == "said"
