"""What is switched reaches every gateway, ends by itself, survives Redis, and breaks nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from deploy.local.postgres import EmbeddedPostgres
from deploy.local.redis import EmbeddedRedis
from gateway.aggregation.errors import FaultInjected, SourceOff, SourceTimeout
from gateway.aggregation.events import CacheFailed, FaultAborted, SwitchesFound, SwitchesLost
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.source import State
from gateway.runtime import Runtime, _postgres_parameters
from gateway.sources.inforce import Kind
from gateway.sources.postgres import Postgres
from gateway.sources.redis_cache import SharedRedis, connect
from gateway.sources.switches import LOOK_SECONDS, PURGES, Switches, purge
from tests.fakes import Recorder
from tests.integration.sources.asking import call, until
from tests.integration.sources.gateways import THING, Counter, gateway
from tests.misbehaving import MisbehavingUpstream, refusing_port
from tests.switchboard import Switchboard

RULE = FaultRule(delay_seconds=0.25, delay_percent=30.0, abort_percent=5.0)
ABORTS = FaultRule(abort_percent=100.0)
NOBODY = {"host": "127.0.0.1", "port": 1, "dbname": "none"}
SOON_SECONDS = 5 * LOOK_SECONDS


class Looking(Switches):
    """Switches whose clock and listener are at hand; ``changes`` counts how often they changed."""

    def __init__(self, client: Any, postgres: Postgres) -> None:
        self.told, self.ahead_seconds, self.changes = Recorder(), 0.0, 0
        shared = SharedRedis(client, lambda: time.time() + self.ahead_seconds, self.told)
        super().__init__(shared, postgres, self._count)

    def _count(self) -> None:
        self.changes += 1


@asynccontextmanager
async def looking(url: str, parameters: dict[str, Any] | None = None) -> AsyncIterator[Looking]:
    """Give the switches of one gateway."""
    client, postgres = connect(url), Postgres(parameters or _postgres_parameters(), 1)
    try:
        yield Looking(client, postgres)
    finally:
        await client.aclose()
        await postgres.close()


async def test_before_the_first_look_nothing_is_switched(
    empty_redis: str, switched: Switchboard
) -> None:
    switched.fault("promo", RULE)
    purge(empty_redis, "promo")
    async with looking(empty_redis) as switches:
        assert switches.fault("promo") is None
        assert switches.purged_at("promo") == 0.0
        assert (switches.as_of, switches.problem) == (0.0, "")


async def test_a_fault_reaches_every_gateway_at_its_next_look(
    empty_redis: str, switched: Switchboard
) -> None:
    async with looking(empty_redis) as one, looking(empty_redis) as other:
        switched.fault("promo", RULE)
        for switches in (one, other):
            await switches.look()
            assert switches.fault("promo") == RULE
            assert switches.fault("recco") is None
            assert switches.told.events == []
            assert switches.changes == 0  # no stack is built anew for a fault


async def test_a_fault_ends_by_itself(empty_redis: str, switched: Switchboard) -> None:
    """Also where nobody looks any more."""
    async with looking(empty_redis) as switches:
        switched.fault("promo", RULE, 60)
        await switches.look()
        switches.ahead_seconds = 59
        assert switches.fault("promo") == RULE
        switches.ahead_seconds = 61
        assert switches.fault("promo") is None
        assert switches.in_force() == []


async def test_a_fault_that_is_ended_is_gone_at_the_next_look(
    empty_redis: str, switched: Switchboard
) -> None:
    async with looking(empty_redis) as switches:
        switched.fault("promo", RULE)
        switched.fault("recco", RULE)
        await switches.look()
        switched.fault("promo", None)
        await switches.look()
        assert switches.fault("promo") is None
        assert switches.fault("recco") == RULE


async def test_a_setting_and_its_end_are_told_once_each(
    empty_redis: str, switched: Switchboard, settings: Any
) -> None:
    settings.PROMO_TIMEOUT_SECONDS = 0.4
    async with looking(empty_redis) as switches:
        switched.put(Kind.SETTING, "PROMO_TIMEOUT_SECONDS", 0.25, 60)
        for _ in range(3):
            await switches.look()
        assert switches.seconds("PROMO_TIMEOUT_SECONDS") == 0.25
        assert switches.changes == 1
        switches.ahead_seconds = 61
        await switches.look()
        assert switches.seconds("PROMO_TIMEOUT_SECONDS") == 0.4
        assert switches.changes == 2


async def test_what_was_switched_survives_a_redis_that_is_flushed(
    empty_redis: str, switched: Switchboard
) -> None:
    """Purges too, for a gateway that has seen them: it still has what was to be forgotten."""
    async with looking(empty_redis) as switches:
        switched.fault("promo", RULE)
        switched.put(Kind.OFF, "recco")
        purge(empty_redis, "promo")
        await switches.look()
        purged_at = switches.purged_at("promo")
        with redis.Redis.from_url(empty_redis) as beside_it:
            beside_it.flushall()
        await switches.look()
        assert switches.fault("promo") == RULE
        assert switches.off("recco")
        assert switches.purged_at("promo") == purged_at > 0


async def test_a_purge_reaches_every_gateway_at_its_next_look(empty_redis: str) -> None:
    async with looking(empty_redis, NOBODY) as switches:
        before = time.time()
        purge(empty_redis, "promo")
        await switches.look()
        assert before <= switches.purged_at("promo") <= time.time()
        assert switches.purged_at("recco") == 0.0


NONSENSE: list[tuple[Kind, Any]] = [
    (Kind.FAULT, None),
    (Kind.FAULT, "nonsense"),
    (Kind.FAULT, [1, 2]),
    (Kind.FAULT, {"delay_seconds": "soon"}),
    (Kind.FAULT, {"delay_seconds": -1}),
    (Kind.FAULT, {"abort_percent": 101}),
    (Kind.SETTING, None),
    (Kind.SETTING, "soon"),
    (Kind.SETTING, 0),
    (Kind.SETTING, -0.1),
    (Kind.SETTING, 86_401),
    (Kind.SETTING, [0.2]),
    (Kind.SETTING, {"seconds": 0.2}),
]


@pytest.mark.parametrize(("kind", "value"), NONSENSE, ids=lambda each: repr(each)[:30])
async def test_what_cannot_be_read_hides_nothing_else(
    kind: Kind, value: Any, empty_redis: str, switched: Switchboard
) -> None:
    switched.fault("recco", RULE)
    switched.put(kind, "PROMO_TIMEOUT_SECONDS", value)
    async with looking(empty_redis) as switches:
        for _ in range(2):
            await switches.look()
        assert switches.fault("PROMO_TIMEOUT_SECONDS") is None
        assert switches.fault("recco") == RULE
        assert switches.problem == "unreadable"
        assert [event.reason for event in switches.told.of(SwitchesLost)] == ["unreadable"]


async def test_a_kind_of_a_later_release_is_passed_over(
    empty_redis: str, switched: Switchboard
) -> None:
    switched.fault("recco", RULE)
    switched._connection.execute("UPDATE ops_switch SET kind = 'later'")
    switched.fault("promo", RULE)
    async with looking(empty_redis) as switches:
        await switches.look()
        assert switches.fault("promo") == RULE
        assert switches.problem == "unreadable"


@pytest.mark.parametrize("raw", [b"", b"now", b"\xff", b"1,5"])
async def test_one_purge_that_cannot_be_read_hides_no_other(raw: bytes, empty_redis: str) -> None:
    purge(empty_redis, "recco")
    with redis.Redis.from_url(empty_redis) as beside_it:
        beside_it.hset(PURGES, "promo", raw)
    async with looking(empty_redis, NOBODY) as switches:
        await switches.look()
        assert switches.purged_at("promo") == 0.0
        assert switches.purged_at("recco") > 0


async def test_something_else_under_the_name_of_the_purges_leaves_all_as_it_was(
    empty_redis: str,
) -> None:
    async with looking(empty_redis, NOBODY) as switches:
        purge(empty_redis, "promo")
        await switches.look()
        with redis.Redis.from_url(empty_redis) as beside_it:
            beside_it.delete(PURGES)
            beside_it.set(PURGES, "a text")
        await switches.look()
        assert switches.purged_at("promo") > 0
        assert [event.reason for event in switches.told.of(CacheFailed)] == ["error"]


async def test_where_postgres_is_gone_each_gateway_goes_on_with_what_it_saw_last(
    empty_redis: str, tmp_path: Path
) -> None:
    """It says so once, and once when it is back; what has an end ends meanwhile."""
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        done(server.url, TABLES)
        async with looking(empty_redis, conninfo_to_dict(server.url)) as switches:
            done(server.url, ROWS)
            await switches.look()
            assert switches.seconds("RECCO_TIMEOUT_SECONDS") == 0.2
            await asyncio.to_thread(server.stop)
            for _ in range(3):
                await switches.look()
            assert switches.seconds("RECCO_TIMEOUT_SECONDS") == 0.2
            assert switches.off("promo")
            assert len(switches.told.of(SwitchesLost)) == 1
            switches.ahead_seconds = 301
            await switches.look()
            assert not switches.off("promo")
            await asyncio.to_thread(server.start)

            async def found() -> bool:
                await switches.look()
                return not switches.problem

            assert await until(found, SOON_SECONDS)
            assert len(switches.told.of(SwitchesFound)) == 1


def done(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements)


TABLES = """
CREATE TABLE ops_change (id bigint);
CREATE TABLE ops_switch (kind text, name text, value jsonb, until timestamptz, changed_by text,
                         changed_at timestamptz)
"""
ROWS = """
INSERT INTO ops_switch VALUES ('setting', 'RECCO_TIMEOUT_SECONDS', '0.2', NULL, 'a', now()),
                              ('off', 'promo', 'null', now() + interval '5 min', 'a', now())
"""


async def test_a_gateway_that_never_saw_postgres_begins_with_its_environment(
    empty_redis: str, settings: Any
) -> None:
    settings.RECCO_TIMEOUT_SECONDS = 0.37
    async with looking(empty_redis, NOBODY) as switches:
        await switches.look()
        assert switches.seconds("RECCO_TIMEOUT_SECONDS") == 0.37
        assert switches.problem == "refused"


async def test_where_redis_is_gone_changes_still_reach_every_gateway(
    tmp_path: Path, switched: Switchboard
) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with looking(server.url) as switches:
            purge(server.url, "promo")
            await switches.look()
            purged_at = switches.purged_at("promo")
            await asyncio.to_thread(server.stop)
            switched.fault("promo", RULE)
            await switches.look()
            assert switches.fault("promo") == RULE
            assert switches.purged_at("promo") == purged_at > 0
            assert switches.told.of(CacheFailed) != []


def test_whoever_purges_is_told_where_redis_does_not_answer() -> None:
    with refusing_port() as port, pytest.raises(redis.exceptions.RedisError):
        purge(f"redis://127.0.0.1:{port}/0", "promo")


# ---- in a gateway


@pytest.fixture
def fresh(settings: Any, empty_redis: str, switched: Switchboard) -> Any:
    """Settings of a gateway whose entries stay fresh for as long as a test takes."""
    settings.REDIS_URL = empty_redis
    settings.PROMO_FRESH_SECONDS = 60.0
    return settings


async def test_a_gateway_looks_by_itself(fresh: Any, switched: Switchboard) -> None:
    async with gateway() as ours:

        async def seen() -> bool:
            return ours.switches.fault("thing") == ABORTS

        switched.fault("thing", ABORTS)
        assert await until(seen, SOON_SECONDS)


async def test_a_fault_is_done_to_the_calls_of_its_source(
    fresh: Any, switched: Switchboard
) -> None:
    told = Recorder()
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream, gateway(told) as ours:
        fresh.PROMO_SERVICE_URL = upstream.url
        switched.fault("thing", ABORTS)
        await ours.switches.look()
        with pytest.raises(FaultInjected):
            await ours.source(THING)(call(tag="a"))
        assert counter.heads == []
        assert told.of(FaultAborted) != []
        switched.fault("thing", None)
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


async def test_a_timeout_reaches_two_gateways_by_itself_and_is_felt(
    fresh: Any, switched: Switchboard
) -> None:
    """And goes again: what was changed is what the environment says, and no restart was needed."""
    fresh.PROMO_FRESH_SECONDS = 0.0
    fresh.PROMO_TIMEOUT_SECONDS = 5.0
    counter = Counter(seconds=0.3)
    async with MisbehavingUpstream(counter) as upstream, gateway() as one, gateway() as other:
        fresh.PROMO_SERVICE_URL = upstream.url
        for ours in (one, other):
            assert (await ours.source(THING)(call(tag="a"))).state is State.LIVE
        switched.put(Kind.SETTING, "PROMO_TIMEOUT_SECONDS", 0.1)
        for ours in (one, other):
            assert await until(lambda ours=ours: _has(ours, 0.1), SOON_SECONDS)
            with pytest.raises(SourceTimeout, match=r"nothing within 0\.1 s"):
                await ours.source(THING)(call(tag="a"))
            known = ours.upstreams["PROMO_SERVICE_URL"]
            assert known.breaker.rules.slow_seconds == pytest.approx(0.09)
            assert known.gate.rules.late_seconds == pytest.approx(0.09)
        switched.remove(Kind.SETTING, "PROMO_TIMEOUT_SECONDS")
        assert await until(lambda: _has(one, 5.0), SOON_SECONDS)
        assert (await one.source(THING)(call(tag="a"))).state is State.LIVE


async def _has(ours: Runtime, seconds: float) -> bool:
    return ours.switches.seconds("PROMO_TIMEOUT_SECONDS") == seconds


async def test_a_fresh_time_of_zero_and_back_again_keeps_what_is_kept(
    fresh: Any, switched: Switchboard
) -> None:
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream, gateway() as ours:
        fresh.PROMO_SERVICE_URL = upstream.url
        assert (await ours.source(THING)(call(tag="a"))).value == {"asked": 1}
        await ours.background.drain(5)
        switched.put(Kind.SETTING, "PROMO_FRESH_SECONDS", 0)
        await ours.switches.look()
        for number in (2, 3):
            assert (await ours.source(THING)(call(tag="a"))).value == {"asked": number}
        switched.remove(Kind.SETTING, "PROMO_FRESH_SECONDS")
        await ours.switches.look()
        kept = await ours.source(THING)(call(tag="a"))
        assert (kept.state, kept.value) == (State.FRESH, {"asked": 1})


async def test_a_source_that_is_off_is_not_asked_and_says_so_at_once(
    fresh: Any, switched: Switchboard
) -> None:
    """Not even what is kept of it is shown; its breaker is none the wiser."""
    counter = Counter()
    async with MisbehavingUpstream(counter) as upstream, gateway() as ours:
        fresh.PROMO_SERVICE_URL = upstream.url
        await ours.source(THING)(call(tag="a"))
        switched.put(Kind.OFF, "thing")
        await ours.switches.look()
        for source in (ours.source(THING), ours.unkept(THING)):
            with pytest.raises(SourceOff):
                await source(call(tag="a"))
        assert len(counter.heads) == 1
        assert ours.upstreams["PROMO_SERVICE_URL"].breaker.snapshot(0.0).calls <= 1
        switched.remove(Kind.OFF, "thing")
        await ours.switches.look()
        assert (await ours.source(THING)(call(tag="a"))).state is State.FRESH


async def test_a_change_of_one_source_leaves_the_stacks_of_others_as_they_are(
    fresh: Any, switched: Switchboard
) -> None:
    async with gateway() as ours:
        before = ours.source(THING)
        switched.put(Kind.SETTING, "RECCO_TIMEOUT_SECONDS", 0.1)
        await ours.switches.look()
        assert ours.source(THING) is before
        switched.put(Kind.SETTING, "STALE_SECONDS", 60)
        await ours.switches.look()
        assert ours.source(THING) is not before
        assert [each.declared.name for each in ours.built] == ["thing"]
