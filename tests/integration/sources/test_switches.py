"""What is switched in Redis reaches every gateway, ends by itself, and breaks nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import redis

from deploy.local.redis import EmbeddedRedis
from gateway.aggregation.errors import FaultInjected
from gateway.aggregation.events import CacheFailed, FaultAborted
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.source import State
from gateway.sources.redis_cache import SharedRedis, connect
from gateway.sources.switches import (
    FAULTS,
    LOOK_SECONDS,
    PURGES,
    Switches,
    faults_now,
    purge,
    set_fault,
)
from tests.fakes import Recorder
from tests.integration.sources.asking import call, until
from tests.integration.sources.gateways import THING, Counter, gateway
from tests.misbehaving import MisbehavingUpstream, refusing_port

RULE = FaultRule(delay_seconds=0.25, delay_percent=30.0, abort_percent=5.0)
ABORTS = FaultRule(abort_percent=100.0)


class Looking(Switches):
    """Switches whose clock and listener are at hand."""

    def __init__(self, client: Any) -> None:
        self.told, self.ahead_seconds = Recorder(), 0.0
        super().__init__(SharedRedis(client, lambda: time.time() + self.ahead_seconds, self.told))


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[Looking]:
    """Give the switches of one gateway."""
    client = connect(url)
    try:
        yield Looking(client)
    finally:
        await client.aclose()


async def test_before_the_first_look_nothing_is_switched(empty_redis: str) -> None:
    set_fault(empty_redis, "promo", RULE, 60)
    purge(empty_redis, "promo")
    async with looking(empty_redis) as switches:
        assert switches.fault("promo") is None
        assert switches.purged_at("promo") == 0.0


async def test_a_fault_reaches_every_gateway_at_its_next_look(empty_redis: str) -> None:
    async with looking(empty_redis) as one, looking(empty_redis) as other:
        set_fault(empty_redis, "promo", RULE, 60)
        for switches in (one, other):
            await switches.look()
            assert switches.fault("promo") == RULE
            assert switches.fault("recco") is None
            assert switches.told.events == []
        assert faults_now(empty_redis) == {"promo": RULE}


async def test_a_fault_ends_by_itself(empty_redis: str) -> None:
    """Also where nobody looks any more, and where Redis is gone."""
    async with looking(empty_redis) as switches:
        set_fault(empty_redis, "promo", RULE, 60)
        await switches.look()
        switches.ahead_seconds = 59
        assert switches.fault("promo") == RULE
        switches.ahead_seconds = 61
        assert switches.fault("promo") is None
    set_fault(empty_redis, "promo", RULE, -1)
    assert faults_now(empty_redis) == {}


async def test_a_fault_that_is_ended_is_gone_at_the_next_look(empty_redis: str) -> None:
    async with looking(empty_redis) as switches:
        set_fault(empty_redis, "promo", RULE, 60)
        set_fault(empty_redis, "recco", RULE, 60)
        await switches.look()
        set_fault(empty_redis, "promo", None, 0)
        await switches.look()
        assert switches.fault("promo") is None
        assert switches.fault("recco") == RULE


async def test_a_purge_reaches_every_gateway_at_its_next_look(empty_redis: str) -> None:
    async with looking(empty_redis) as switches:
        before = time.time()
        purge(empty_redis, "promo")
        await switches.look()
        assert before <= switches.purged_at("promo") <= time.time()
        assert switches.purged_at("recco") == 0.0


NONSENSE = [
    b"",
    b"nonsense",
    b"\xff\xfe",
    b"{}",
    b"[1, 2]",
    b'{"rule": {"delay_seconds": "soon"}, "until": 9e9}',
    b'{"rule": {"delay_seconds": -1}, "until": 9e9}',
    b'{"rule": {"abort_percent": 101}, "until": 9e9}',
    b'{"rule": {}, "until": "tomorrow"}',
    b"[" * 100_000,
    b"9" * 10_000,
]


@pytest.mark.parametrize("raw", NONSENSE, ids=lambda raw: repr(raw[:20]))
async def test_one_fault_that_cannot_be_read_hides_no_other(raw: bytes, empty_redis: str) -> None:
    set_fault(empty_redis, "recco", RULE, 60)
    purge(empty_redis, "recco")
    with redis.Redis.from_url(empty_redis) as beside:
        beside.hset(FAULTS, "promo", raw)
        beside.hset(FAULTS, b"\xff\xfe", raw)
    async with looking(empty_redis) as switches:
        await switches.look()
        assert switches.fault("promo") is None
        assert switches.fault("recco") == RULE
        assert switches.purged_at("recco") > 0
        assert {event.reason for event in switches.told.of(CacheFailed)} == {"unreadable"}


@pytest.mark.parametrize("raw", [b"", b"now", b"\xff", b"1,5"])
async def test_one_purge_that_cannot_be_read_hides_no_other(raw: bytes, empty_redis: str) -> None:
    set_fault(empty_redis, "recco", RULE, 60)
    purge(empty_redis, "recco")
    with redis.Redis.from_url(empty_redis) as beside:
        beside.hset(PURGES, "promo", raw)
    async with looking(empty_redis) as switches:
        await switches.look()
        assert switches.purged_at("promo") == 0.0
        assert switches.purged_at("recco") > 0
        assert switches.fault("recco") == RULE


async def test_something_else_under_the_name_of_the_switches_leaves_all_as_it_was(
    empty_redis: str,
) -> None:
    async with looking(empty_redis) as switches:
        set_fault(empty_redis, "promo", RULE, 60)
        await switches.look()
        with redis.Redis.from_url(empty_redis) as beside:
            beside.delete(FAULTS)
            beside.set(FAULTS, "a text")
        await switches.look()
        assert switches.fault("promo") == RULE
        assert [event.reason for event in switches.told.of(CacheFailed)] == ["error"]


async def test_where_redis_is_gone_each_gateway_goes_on_with_what_it_saw_last(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with EmbeddedRedis(tmp_path_factory.mktemp("switches")) as server:
        async with looking(server.url) as switches:
            set_fault(server.url, "promo", RULE, 60)
            purge(server.url, "promo")
            await switches.look()
            purged_at = switches.purged_at("promo")
            await asyncio.to_thread(server.stop)
            await switches.look()
            assert switches.fault("promo") == RULE
            assert switches.purged_at("promo") == purged_at > 0
            assert switches.told.of(CacheFailed) != []


def test_whoever_switches_is_told_where_redis_does_not_answer() -> None:
    with refusing_port() as port:
        url = f"redis://127.0.0.1:{port}/0"
        for switch in (
            lambda: set_fault(url, "promo", RULE, 60),
            lambda: purge(url, "promo"),
            lambda: faults_now(url),
        ):
            with pytest.raises(redis.exceptions.RedisError):
                switch()


# ---- in a gateway


@pytest.fixture
def fresh(settings: Any, empty_redis: str) -> Any:
    """Settings of a gateway whose entries stay fresh for as long as a test takes."""
    settings.REDIS_URL = empty_redis
    settings.PROMO_FRESH_SECONDS = 60.0
    return settings


async def test_a_gateway_looks_by_itself(fresh: Any) -> None:
    async with gateway() as ours:

        async def seen() -> bool:
            return ours.switches.fault("thing") == ABORTS

        set_fault(fresh.REDIS_URL, "thing", ABORTS, 60)
        assert await until(seen, 5 * LOOK_SECONDS)


async def test_a_fault_is_done_to_the_calls_of_its_source(fresh: Any) -> None:
    told = Recorder()
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream, gateway(told) as ours:
        fresh.PROMO_SERVICE_URL = upstream.url
        set_fault(fresh.REDIS_URL, "thing", ABORTS, 60)
        await ours.switches.look()
        with pytest.raises(FaultInjected):
            await ours.source(THING)(call(tag="a"))
        assert counter.heads == []
        assert told.of(FaultAborted) != []
        set_fault(fresh.REDIS_URL, "thing", None, 0)
        await ours.switches.look()
        assert (await ours.source(THING)(call(tag="b"))).state is State.LIVE


async def test_a_purge_empties_near_and_far_in_every_gateway(fresh: Any) -> None:
    """The first one asks anew; the second finds that in Redis, behind what it has near by."""
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream, gateway() as one, gateway() as other:
        fresh.PROMO_SERVICE_URL = upstream.url
        for ours in (one, other):
            assert (await ours.source(THING)(call(tag="a"))).value == {"asked": 1}
            await ours.background.drain(5)
        purge(fresh.REDIS_URL, "thing")
        for ours in (one, other):
            await ours.switches.look()
            assert (await ours.source(THING)(call(tag="a"))).value == {"asked": 2}
            await ours.background.drain(5)
        for ours in (one, other):
            assert (await ours.source(THING)(call(tag="a"))).state is State.FRESH
    assert len(counter.heads) == 2


async def test_what_a_fault_is_stored_as_can_be_read_by_people(empty_redis: str) -> None:
    set_fault(empty_redis, "promo", RULE, 60)
    with redis.Redis.from_url(empty_redis) as beside:
        held = msgspec.json.decode(beside.hget(FAULTS, "promo"))
    assert held["rule"] == {"delay_seconds": 0.25, "delay_percent": 30.0, "abort_percent": 5.0}
