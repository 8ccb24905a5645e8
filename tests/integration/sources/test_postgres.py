"""Queries against a real Postgres: side by side, and never longer than their deadline."""

import asyncio
import time
from datetime import date
from decimal import Decimal

import pytest

from gateway.aggregation.errors import SourceRejected, SourceTimeout
from gateway.sources.postgres import Postgres
from tests.integration.sources.asking import SLACK_SECONDS, until
from tests.integration.sources.databases import (
    RUNNING,
    TERMINATE,
    ask,
    beside,
    pool,
    word,
    words,
)


async def test_three_slow_queries_take_as_long_as_one(postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        await words(postgres, "SELECT pg_sleep(0.05)", 3)  # three connections are there now
        started = time.monotonic()
        assert await words(postgres, "SELECT pg_sleep(0.2)", 3) == ["ok"] * 3
        assert time.monotonic() - started < 0.45


async def test_a_deadline_ends_the_query_here_and_in_postgres(postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        await ask(postgres, "SELECT 1")
        started = time.monotonic()
        with pytest.raises(SourceTimeout):
            await ask(postgres, "SELECT pg_sleep(30), 'by deadline'", seconds=0.2)
        assert time.monotonic() - started < 0.2 + SLACK_SECONDS
        assert await until(lambda: _none_runs(postgres_url, "%by deadline%"))
        assert await word(postgres) == "ok"


async def test_the_limit_in_postgres_holds_where_cancelling_never_arrives(
    postgres_url: str,
) -> None:
    """The loop that would cancel may be busy, or gone with its process."""
    async with pool(url=postgres_url) as postgres:
        rows = await ask(postgres, "SELECT current_setting('statement_timeout')", seconds=0.7)
        assert rows[0][0].endswith("ms")
        assert 0 < int(rows[0][0].removesuffix("ms")) <= 700


async def test_the_limit_of_one_query_is_not_that_of_the_next(postgres_url: str) -> None:
    async with pool(size=1, url=postgres_url) as postgres:
        await ask(postgres, "SELECT 1", seconds=0.1)
        assert await word(postgres, "SELECT pg_sleep(0.3)") == "ok"
        assert postgres._pool is not None
        async with postgres._pool.connection() as connection:
            cursor = await connection.execute("SHOW statement_timeout")
            assert await cursor.fetchone() == ("0",)


async def test_cancelling_the_caller_returns_at_once_and_ends_the_query(postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        asking = asyncio.create_task(ask(postgres, "SELECT pg_sleep(30), 'by caller'"))
        assert await until(lambda: _one_runs(postgres_url, "%by caller%"))
        started = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert time.monotonic() - started < 0.1
        assert await until(lambda: _none_runs(postgres_url, "%by caller%"), 2.0)


async def test_a_storm_of_cancelled_queries_leaves_the_pool_whole(postgres_url: str) -> None:
    """A connection that is lost on its way back to the pool is lost for good."""
    for _ in range(5):
        async with pool(url=postgres_url) as postgres:
            await ask(postgres, "SELECT 1")
            for turns in range(12):
                await _cancelled_batch(postgres, turns)
            assert await words(postgres, "SELECT 1", 40) == ["ok"] * 40


async def test_a_connection_on_its_way_back_is_not_lost_when_the_caller_leaves(
    postgres_url: str,
) -> None:
    """The only one there is, held up at the pool's door, where cancelling loses it."""
    async with pool(size=1, url=postgres_url) as postgres:
        asking = asyncio.create_task(word(postgres, "SELECT pg_sleep(0.2), 'way back'"))
        assert await until(lambda: _one_runs(postgres_url, "%way back%"))
        assert postgres._pool is not None
        async with postgres._pool._lock:
            assert await until(lambda: _none_runs(postgres_url, "%way back%"))
            for _ in range(10):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert asking.cancelled()
            for _ in range(10):
                await asyncio.sleep(0)
        assert await word(postgres) == "ok"


async def _cancelled_batch(postgres: Postgres, turns: int) -> None:
    tasks = [asyncio.create_task(word(postgres)) for _ in range(20)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_when_every_backend_was_terminated_the_next_queries_succeed(
    postgres_url: str,
) -> None:
    async with pool(url=postgres_url, application_name="terminated") as postgres:
        await words(postgres, "SELECT pg_sleep(0.05)", 4)
        assert len(await beside(postgres_url, TERMINATE, "terminated")) == 4
        assert await word(postgres) == "ok"
        assert await words(postgres, "SELECT 1", 8) == ["ok"] * 8


async def test_a_pool_that_is_exhausted_is_called_busy_in_time_and_recovers(
    postgres_url: str,
) -> None:
    async with pool(size=2, url=postgres_url) as postgres:
        await words(postgres, "SELECT pg_sleep(0.05)", 2)
        holding = [asyncio.create_task(word(postgres, "SELECT pg_sleep(0.8)")) for _ in range(2)]
        await asyncio.sleep(0)
        started = time.monotonic()
        assert await words(postgres, "SELECT 1", 6, seconds=0.3) == ["busy"] * 6
        assert time.monotonic() - started < 0.3 + SLACK_SECONDS
        assert await asyncio.gather(*holding) == ["ok"] * 2
        assert await words(postgres, "SELECT 1", 6) == ["ok"] * 6


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM no_such_table", "SELECT 1/0", "SELEC", "SELECT 'x'::integer"]
)
async def test_a_question_that_makes_no_sense_is_rejected(sql: str, postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        assert await word(postgres, sql) == "rejected"
        assert await word(postgres) == "ok"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
async def test_text_that_postgres_cannot_hold_is_rejected(text: str, postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        with pytest.raises(SourceRejected):
            await ask(postgres, "SELECT %s", (text,))


async def test_rows_come_back_as_typed_values(postgres_url: str) -> None:
    sql = "SELECT 1.20::numeric, DATE '2026-11-20', ARRAY['a','b'], NULL, 7::bigint, true, 'é'"
    async with pool(url=postgres_url) as postgres:
        assert await ask(postgres, sql) == [
            (Decimal("1.20"), date(2026, 11, 20), ["a", "b"], None, 7, True, "é")
        ]


async def test_a_parameter_is_a_value_whatever_stands_in_it(postgres_url: str) -> None:
    odd = "x'); DROP TABLE book; --\\ %s %% \" $1 $$"
    async with pool(url=postgres_url) as postgres:
        assert await ask(postgres, "SELECT %s, %s::text[]", (odd, [odd])) == [(odd, [odd])]


async def test_a_pool_is_opened_again_after_it_was_closed(postgres_url: str) -> None:
    async with pool(url=postgres_url) as postgres:
        await ask(postgres, "SELECT 1")
        await postgres.close()
        await postgres.close()
        assert await word(postgres) == "ok"


async def _none_runs(url: str, like: str) -> bool:
    return (await beside(url, RUNNING, like))[0][0] == 0


async def _one_runs(url: str, like: str) -> bool:
    return (await beside(url, RUNNING, like))[0][0] == 1
