"""Postgres, awaited natively: one pool for the process, no thread, and a limit for every query."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from gateway.aggregation.background import OutOfTime, in_time
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    SourceBusy,
    SourceDisconnected,
    SourceError,
    SourceRefused,
    SourceRejected,
    SourceTimeout,
    SourceUnreachable,
    SourceUnresolved,
)
from gateway.aggregation.record import current_step, note

POOL_WAIT_SECONDS = 0.3
# libpq cannot wait for less than two seconds; a server that hung would be found again too late.
CONNECT_SECONDS = 1.0
IDLE_SECONDS = 300

Rows = list[tuple[Any, ...]]


class Postgres:
    """A pool of connections, opened at its first use in the loop that runs then.

    ``parameters`` are what psycopg connects with; ``size`` is how many connections there may be.
    """

    def __init__(self, parameters: dict[str, Any], size: int) -> None:
        self._parameters = parameters
        self._size = size
        self._pool: AsyncConnectionPool[AsyncConnection] | None = None
        self._last_error: psycopg.Error | None = None
        self._connecting = 0
        self._undisturbed: set[asyncio.Task[None]] = set()

    async def rows(self, source: str, sql: str, params: Any, deadline: Deadline) -> Rows:
        """Return the rows that ``sql`` selects, or raise a ``SourceError`` by the deadline.

        The query ends in Postgres at the deadline too. To stop one that hangs takes psycopg seconds
        (it asks the server, and waits): the caller does not wait for that.
        """
        try:
            return await in_time(self._rows(source, sql, params, deadline), deadline.remaining())
        except OutOfTime as exc:
            raise SourceTimeout(source, "no rows by the deadline") from exc

    async def close(self) -> None:
        """Close the pool; the next use would open another."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=1.0)
        if self._undisturbed:
            await asyncio.wait(self._undisturbed, timeout=1.0)

    async def _rows(self, source: str, sql: str, params: Any, deadline: Deadline) -> Rows:
        if (it := current_step()) is not None:
            it.details["sql"] = sql  # as Django wrote it: values are not in it
        pool = self._pool or await self._open()
        try:
            return await self._fetch(pool, sql, params, deadline)
        except (psycopg.OperationalError, psycopg.InterfaceError) as exc:
            if isinstance(exc, PoolTimeout | psycopg.errors.QueryCanceled) or deadline.expired:
                raise self._translated(source, exc) from exc
            # The connection was dead before we asked: after a restart of Postgres all of the pool
            # are. Those that lie idle are replaced, and the question is asked once more.
            await self._to_its_end(pool.check())
        except psycopg.Error as exc:
            raise self._translated(source, exc) from exc
        except UnicodeEncodeError as exc:
            raise SourceRejected(source, "text that is no Unicode") from exc
        try:
            return await self._fetch(pool, sql, params, deadline)
        except psycopg.Error as exc:
            raise self._translated(source, exc) from exc

    async def _fetch(
        self, pool: AsyncConnectionPool[AsyncConnection], sql: str, params: Any, deadline: Deadline
    ) -> Rows:
        # Ends before the deadline, so that a wait for the pool is named as such.
        wait = min(POOL_WAIT_SECONDS, deadline.reserve().remaining())
        try:
            connection = await pool.getconn(timeout=wait)
        except PoolTimeout:
            _forget_who_left(pool)
            raise
        try:
            note("connected")
            milliseconds = max(1, int(deadline.remaining() * 1000))
            # Two statements in one message: one round trip, and LOCAL ends with the message.
            limited = f"SET LOCAL statement_timeout = {milliseconds}; {sql}"
            async with connection.cursor() as cursor:
                await cursor.execute(limited.encode(), params)
                note("first-byte")
                cursor.nextset()
                return await cursor.fetchall()
        finally:
            await self._to_its_end(pool.putconn(connection))

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for ``work``, which goes on when the waiting is cancelled.

        A pool that is cancelled while it takes a connection back, or checks the idle ones, loses
        their places for good: some hundred closed tabs later there would be none left.
        """
        task = asyncio.create_task(work)
        self._undisturbed.add(task)
        task.add_done_callback(self._undisturbed.discard)
        await asyncio.shield(task)

    async def _open(self) -> AsyncConnectionPool[AsyncConnection]:
        outer = self

        class Connection(AsyncConnection[Any]):
            """A connection that remembers why the last one could not be made."""

            @classmethod
            async def connect(cls, *args: Any, **kwargs: Any) -> Any:
                outer._connecting += 1
                try:
                    async with asyncio.timeout(CONNECT_SECONDS):
                        connection = await super().connect(*args, **kwargs)
                except TimeoutError as exc:
                    outer._last_error = psycopg.errors.ConnectionTimeout(
                        "connecting takes too long"
                    )
                    raise outer._last_error from exc
                except psycopg.Error as exc:
                    outer._last_error = exc
                    raise
                finally:
                    outer._connecting -= 1
                outer._last_error = None
                return connection

        self._pool = AsyncConnectionPool(
            kwargs={**self._parameters, "autocommit": True, "cursor_factory": AsyncClientCursor},
            connection_class=Connection,
            min_size=min(2, self._size),
            max_size=self._size,
            max_idle=IDLE_SECONDS,
            # A failed attempt is not repeated behind our back with growing pauses: the next page
            # that wants a connection makes the next attempt, so that recovery is quick.
            reconnect_timeout=0,
            open=False,
        )
        await self._pool.open(wait=False)
        return self._pool

    def _translated(self, source: str, error: psycopg.Error) -> SourceError:
        if isinstance(error, PoolTimeout):
            if self._last_error is not None:
                return _unconnected(source, self._last_error)
            if self._connecting:
                return SourceUnreachable(source, "connecting takes too long")
            return SourceBusy(source, "no connection of the pool became free")
        if isinstance(error, psycopg.errors.QueryCanceled):
            return SourceTimeout(source, "ended by Postgres at the deadline")
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return SourceDisconnected(source, _first_line(error))
        return SourceRejected(source, _first_line(error))


def _forget_who_left(pool: AsyncConnectionPool[AsyncConnection]) -> None:
    """Drop from the queue those who have given up waiting.

    The pool itself does so only when a connection comes free, and without Postgres none does: the
    queue of an hour's outage would hold every query of that hour.
    """
    while pool._waiting and pool._waiting[0].error is not None:
        pool._waiting.popleft()


def _unconnected(source: str, error: psycopg.Error) -> SourceError:
    """Name why no connection could be made; libpq only says it in words."""
    said = str(error)
    if "refused" in said or "No such file" in said:
        return SourceRefused(source, _first_line(error))
    if "resolve" in said or "translate host name" in said:
        return SourceUnresolved(source, _first_line(error))
    return SourceUnreachable(source, _first_line(error))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
