"""A pool of ours for one test, and a second way into the same server, to look and to disturb."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.sources.postgres import Postgres, Rows

RUNNING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE %s"
)
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"


@asynccontextmanager
async def pool(size: int = 4, **parameters: Any) -> AsyncIterator[Postgres]:
    """Give a pool that connects with ``parameters``, or to ``url``; it is closed at the end."""
    if url := parameters.pop("url", None):
        parameters |= conninfo_to_dict(url)
    postgres = Postgres(parameters, size)
    try:
        yield postgres
    finally:
        await postgres.close()


async def ask(postgres: Postgres, sql: str, params: Any = None, seconds: float = 5.0) -> Rows:
    """Return the rows of ``sql``, or raise as ``Postgres.rows`` does."""
    return await postgres.rows("shelf", sql, params, Deadline.after(seconds))


async def word(postgres: Postgres, sql: str = "SELECT 1", seconds: float = 5.0) -> str:
    """Return ``ok``, or the reason for which there are no rows."""
    try:
        await ask(postgres, sql, None, seconds)
    except SourceError as error:
        return error.reason
    return "ok"


async def beside(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Run ``sql`` over a connection of its own."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(sql, params or None)  # type: ignore[arg-type]
        return await cursor.fetchall()


async def words(postgres: Postgres, sql: str, times: int, seconds: float = 5.0) -> list[str]:
    """Return the words for so many of the same at once."""
    return await asyncio.gather(*(word(postgres, sql, seconds) for _ in range(times)))
