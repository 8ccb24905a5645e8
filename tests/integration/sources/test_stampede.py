"""Two hundred visitors meet an expired entry: its source is asked once, by the whole fleet."""

import asyncio
import time
from typing import Any

import pytest

from gateway.aggregation.cache import Entry, key_for
from gateway.aggregation.events import FleetWaited, FlightJoined
from gateway.aggregation.source import Reply
from gateway.sources import redis_cache
from tests.fakes import Recorder
from tests.integration.sources.asking import call
from tests.integration.sources.caches import shared
from tests.integration.sources.gateways import THING, Counter, gateway
from tests.misbehaving import MisbehavingUpstream, refusing_port

VISITORS = 200
SLOW_SECONDS = 0.25
ROUNDS = 3


@pytest.fixture
def patient(settings: Any, empty_redis: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings with which nobody gives up, however busy the machine is; Redis neither."""
    monkeypatch.setattr(redis_cache, "OPERATION_SECONDS", 5.0)
    settings.REDIS_URL = empty_redis
    settings.PROMO_TIMEOUT_SECONDS = 8.0
    settings.PROMO_FRESH_SECONDS = 60.0
    return settings


async def expired(url: str, tag: str) -> None:
    """Let an entry lie in Redis that was fresh until a moment ago."""
    now = time.time()
    async with shared(url) as ours:
        old = Entry({"asked": -1}, now - 40, now - 10, now - 10, now + 60, 0.1)
        await ours.cache(THING.payload).put(key_for("thing", {"tag": tag}), old)


async def visitors(tag: str, told: Recorder) -> list[Reply]:
    """Ask as many at once as there are visitors, in a gateway of their own."""
    async with gateway(told) as ours:
        source = ours.source(THING)
        return await asyncio.gather(*(source(call(20.0, tag=tag)) for _ in range(VISITORS)))


def one_gateway(tag: str) -> tuple[list[Reply], Recorder]:
    """Run a gateway in an event loop of its own."""
    told = Recorder()
    return asyncio.run(visitors(tag, told)), told


@pytest.mark.parametrize("before", ["nothing", "expired"])
@pytest.mark.parametrize("gateways", [1, 2])
async def test_two_hundred_visitors_of_each_gateway_cost_one_call_of_the_fleet(
    patient: Any, before: str, gateways: int
) -> None:
    counter = Counter(SLOW_SECONDS)
    async with MisbehavingUpstream(counter) as upstream:
        patient.PROMO_SERVICE_URL = upstream.url
        for number in range(ROUNDS):
            tag = f"{before} {number}"
            if before == "expired":
                await expired(patient.REDIS_URL, tag)
            found = await asyncio.gather(
                *(asyncio.to_thread(one_gateway, tag) for _ in range(gateways))
            )
            assert len(counter.heads) == number + 1
            values = [reply.value["asked"] for replies, _ in found for reply in replies]
            assert values == [number + 1] * VISITORS * gateways
            told = [recorder for _, recorder in found]
            assert sum(len(each.of(FleetWaited)) for each in told) == gateways - 1
            assert all(each.of(FlightJoined) for each in told)


async def test_without_redis_each_gateway_asks_once(patient: Any) -> None:
    """Nobody can tell them apart then: one call each is the least there can be."""
    counter = Counter(SLOW_SECONDS)
    with refusing_port() as port:
        patient.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        async with MisbehavingUpstream(counter) as upstream:
            patient.PROMO_SERVICE_URL = upstream.url
            found = await asyncio.gather(*(asyncio.to_thread(one_gateway, "tag") for _ in range(2)))
    assert len(counter.heads) == 2
    for replies, _ in found:
        assert len({reply.value["asked"] for reply in replies}) == 1


async def test_what_one_gateway_was_told_the_next_one_does_not_ask(patient: Any) -> None:
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream:
        patient.PROMO_SERVICE_URL = upstream.url
        for _ in range(3):
            replies, _ = await asyncio.to_thread(one_gateway, "tag")
            assert {reply.value["asked"] for reply in replies} == {1}
    assert len(counter.heads) == 1


async def test_other_questions_are_asked_beside_each_other(patient: Any) -> None:
    counter = Counter(SLOW_SECONDS)
    async with MisbehavingUpstream(counter) as upstream:
        patient.PROMO_SERVICE_URL = upstream.url
        async with gateway() as ours:
            source, started = ours.source(THING), time.monotonic()
            await asyncio.gather(*(source(call(20.0, tag=str(number % 8))) for number in range(80)))
            assert time.monotonic() - started < 8 * SLOW_SECONDS
    assert len(counter.heads) == 8
