"""When Postgres is not there: the cause is named, in time, and it is found again at once."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.local.postgres import EmbeddedPostgres
from gateway.sources.postgres import Postgres
from tests.integration.sources.asking import SLACK_SECONDS, until
from tests.integration.sources.databases import pool, word, words
from tests.misbehaving import BEHAVIOURS, MisbehavingUpstream, refusing_port

NOBODY = {"user": "nobody", "dbname": "none"}
RECOVERY_SECONDS = 1.0


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server that may be stopped."""
    folder = tmp_path_factory.mktemp("outages") / "postgres"
    with EmbeddedPostgres(folder, durable=False) as postgres:
        yield postgres


async def test_a_port_that_refuses_is_called_refused() -> None:
    with refusing_port() as port:
        async with pool(host="127.0.0.1", port=port, **NOBODY) as postgres:
            await _named_in_time(postgres, {"refused"})


async def test_a_socket_that_is_not_there_is_called_refused(tmp_path: Path) -> None:
    async with pool(host=str(tmp_path), **NOBODY) as postgres:
        await _named_in_time(postgres, {"refused"})


async def test_a_host_without_an_address_is_called_unresolved() -> None:
    async with pool(host="nobody.invalid", **NOBODY) as postgres:
        await _named_in_time(postgres, {"unresolved"})


async def test_a_server_that_accepts_and_never_answers_is_called_unreachable() -> None:
    async with (
        MisbehavingUpstream(BEHAVIOURS["hangs"]) as upstream,
        pool(host="127.0.0.1", port=upstream.port, **NOBODY) as postgres,
    ):
        await _named_in_time(postgres, {"unreachable", "timeout"})


async def test_a_server_that_hung_is_found_again_soon(own_postgres: EmbeddedPostgres) -> None:
    """The same address answers again: attempts that hang must not stand in the way of new ones."""
    upstream = MisbehavingUpstream(BEHAVIOURS["hangs"])
    sockets = Path(parse_qs(urlsplit(own_postgres.url).query)["host"][0])

    async def passes_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(sockets / ".s.PGSQL.5432")
        await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))

    async with upstream:
        where = {"host": "127.0.0.1", "port": upstream.port, "sslmode": "disable"}
        async with pool(**where, user="postgres", dbname="postgres") as postgres:
            assert await word(postgres, seconds=0.3) in ("unreachable", "timeout")
            upstream.behaviour = passes_on
            assert await _recovers(postgres)


async def test_postgres_that_comes_back_is_found_again_soon(
    own_postgres: EmbeddedPostgres,
) -> None:
    async with pool(url=own_postgres.url) as postgres:
        assert await words(postgres, "SELECT 1", 4) == ["ok"] * 4
        await asyncio.to_thread(own_postgres.stop)
        await _named_in_time(postgres, {"refused"})
        await asyncio.to_thread(own_postgres.start)
        assert await _recovers(postgres)
        # The outage is over and forgotten: what is scarce now is not called refused.
        assert await words(postgres, "SELECT pg_sleep(0.05)", 4) == ["ok"] * 4
        assert set(await words(postgres, "SELECT pg_sleep(0.8)", 8)) == {"ok", "busy"}


async def test_an_outage_leaves_no_queue_behind() -> None:
    """Nobody comes free to tell the pool that those who waited have left."""
    with refusing_port() as port:
        async with pool(host="127.0.0.1", port=port, **NOBODY) as postgres:
            for _ in range(3):
                await words(postgres, "SELECT 1", 50, seconds=0.05)
            assert postgres._pool is not None
            assert postgres._pool.get_stats().get("requests_waiting", 0) <= 50


async def _named_in_time(postgres: Postgres, reasons: set[str]) -> None:
    """Ask several times and at once: the first knows as well as the last what is wrong."""
    for _ in range(2):
        started = time.monotonic()
        found = await words(postgres, "SELECT 1", 3, seconds=0.5)
        assert time.monotonic() - started < 0.5 + SLACK_SECONDS
        assert set(found) <= reasons


async def _recovers(postgres: Postgres) -> bool:
    async def answers() -> bool:
        return await word(postgres, seconds=0.3) == "ok"

    return await until(answers, RECOVERY_SECONDS + 0.5)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
