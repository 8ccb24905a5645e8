"""Fault by source: Postgres, behind a proxy that spoils what passes, or unwilling itself."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from deploy.local.process import wait_until
from tests.faults.page import Page
from tests.faults.promises import (
    PAGE_SECONDS,
    RECOVERY_SECONDS,
    SLACK_SECONDS,
    TRIES,
    broken_by,
)
from tests.faults.stand import PATIENCE_SECONDS, Stand
from tests.faults.trial import Expected, live_through, note
from tests.live import Shop
from tests.toxics import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

MISSING = ("membership", "arrivals")
TABLES = ("members_member", "storefront_book")
MORE_THAN_THE_POOL = 12
ENDED_SECONDS = 0.5
"""How long after its page a query may still be seen in Postgres, on a machine that is busy."""

TOXICS: dict[str, tuple[tuple[Toxic, ...], set[str]]] = {
    "is not there": ((Down(),), {"refused"}),
    "hangs": (
        (Timeout(), Timeout(direction=Direction.UPSTREAM)),
        {"timeout", "unreachable"},
    ),
    "hangs up late": ((Timeout(seconds=0.2),), {"timeout", "disconnected", "unreachable"}),
    "is slow": ((Latency(seconds=2.0, jitter_seconds=0.5),), {"timeout", "unreachable"}),
    "trickles": ((Bandwidth(bytes_per_second=50),), {"timeout", "unreachable"}),
    "closes in the middle": ((LimitData(most_bytes=40),), {"disconnected", "unreachable"}),
    "closes before a word": ((LimitData(most_bytes=0),), {"disconnected", "unreachable"}),
    "resets": ((ResetPeer(),), {"disconnected", "unreachable"}),
    "resets late": ((ResetPeer(seconds=0.2),), {"disconnected", "unreachable", "timeout"}),
    "hears nothing": ((Timeout(direction=Direction.UPSTREAM),), {"timeout", "unreachable"}),
}
HARMLESS: dict[str, Toxic] = {
    "comes in slices": Slicer(average_bytes=40, variation_bytes=39),
    "closes slowly": SlowClose(seconds=1.0),
    "is a little slow": Latency(seconds=0.01, jitter_seconds=0.01),
}


@pytest.fixture
def operator(shop: Shop) -> Iterator[psycopg.Connection]:
    """Somebody who may do anything in Postgres, on a way of his own."""
    url = urlunsplit(urlsplit(shop.environment["DATABASE_URL"])._replace(path="/postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(shop: Shop) -> str:
    """The name of the shop's database."""
    return urlsplit(shop.environment["DATABASE_URL"]).path.strip("/")


def _expect(title: str, *reasons: str, missing: tuple[str, ...] = MISSING) -> Expected:
    return Expected(missing=missing, reasons=frozenset(reasons), fault=f"Postgres {title}")


@pytest.mark.parametrize("how", TOXICS)
def test_a_postgres_that_cannot_be_reached_well_is_missing_and_nothing_else(
    stand: Stand, how: str
) -> None:
    toxics, reasons = TOXICS[how]
    live_through(stand, stand.member, stand.postgres.poisoned(*toxics), _expect(how, *reasons))


@pytest.mark.parametrize("how", HARMLESS)
def test_a_postgres_that_is_only_slow_is_waited_for(stand: Stand, how: str) -> None:
    fault = stand.postgres.poisoned(HARMLESS[how])
    live_through(stand, stand.member, fault, _expect(how, missing=()))


def test_a_stranger_misses_the_arrivals_alone(stand: Stand) -> None:
    """For whoever claims to be nobody, nobody is asked."""
    expected = _expect("is not there, a stranger", "refused", missing=("arrivals",))
    live_through(stand, stand.stranger, stand.postgres.poisoned(Down()), expected)


@pytest.mark.parametrize("path", ["/books/", "/authors/"])
def test_a_page_that_is_nothing_without_postgres_says_so(stand: Stand, path: str) -> None:
    with stand.postgres.poisoned(Down()):
        page = stand.stranger.ask(path)
    assert page.status == 503
    assert int(page.response.headers["Retry-After"]) > 0
    assert page.response.headers["Gateway-Complete"] == "?0"
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "This shelf is out of reach right now" in page.response.text
    assert "psycopg" not in page.response.text
    assert wait_until(lambda: stand.stranger.ask(path).status == 200, PATIENCE_SECONDS)


def test_every_backend_terminated_is_not_even_noticed(
    stand: Stand, operator: psycopg.Connection, database: str
) -> None:
    """The pool's connections are dead; the question is asked again on a new one."""

    @contextmanager
    def terminated() -> Iterator[None]:
        _terminate(operator, database)
        yield

    live_through(stand, stand.member, terminated(), _expect("backends terminated", missing=()))


def test_a_postgres_that_takes_no_connections_is_missing_and_nothing_else(
    stand: Stand, operator: psycopg.Connection, database: str
) -> None:
    @contextmanager
    def closed() -> Iterator[None]:
        _allow_connections(operator, database, allowed=False)
        _terminate(operator, database)
        try:
            yield
        finally:
            _allow_connections(operator, database, allowed=True)

    expected = _expect("takes no connections", "unreachable", "disconnected")
    live_through(stand, stand.member, closed(), expected)


def test_tables_that_are_gone_are_missing_and_nothing_else(stand: Stand, shop: Shop) -> None:
    @contextmanager
    def renamed() -> Iterator[None]:
        _rename(shop, "{}", "{}_gone")
        try:
            yield
        finally:
            _rename(shop, "{}_gone", "{}")

    live_through(stand, stand.member, renamed(), _expect("has no such table", "rejected"))


def test_a_slow_query_ends_in_postgres_too(
    stand: Stand, shop: Shop, operator: psycopg.Connection, database: str
) -> None:
    with locked(shop):
        page = stand.member.ask()
        ended = wait_until(lambda: _waiting(operator, database) == 0, ENDED_SECONDS)
    note("Postgres query waits for a lock", page, f"arrivals {page.mark('arrivals')}")
    missing = {name: stand.member.missing[name] for name in MISSING}
    assert not list(broken_by(page, stand.member.whole, missing))
    assert page.mark("arrivals") == page.mark("membership") == "fallback;timeout"
    assert ended, "a query goes on in Postgres for which nobody waits"
    assert stand.back_after(stand.member, RECOVERY_SECONDS + SLACK_SECONDS) is not None


def test_an_exhausted_pool_leaves_every_visitor_a_page(stand: Stand, shop: Shop) -> None:
    missing = {name: stand.member.missing[name] for name in MISSING}
    with locked(shop):
        pages = _in_time(stand)
    back_seconds = stand.back_after(stand.member, PATIENCE_SECONDS)
    marks = sorted({page.mark("arrivals") for page in pages})
    slowest = max(pages, key=lambda page: page.seconds)
    note("Postgres pool exhausted", slowest, " or ".join(marks), back_seconds=back_seconds)
    for page in pages:
        assert not list(broken_by(page, stand.member.whole, missing))
    assert set(marks) <= {f"fallback;{reason}" for reason in ("timeout", "busy", "full", "open")}
    assert back_seconds is not None
    assert back_seconds < RECOVERY_SECONDS + SLACK_SECONDS


def _in_time(stand: Stand) -> list[Page]:
    """Let more visitors ask at once than there are connections; again if one was late."""
    with ThreadPoolExecutor(MORE_THAN_THE_POOL) as visitors:
        for _ in range(TRIES):
            pages = list(visitors.map(lambda _: stand.member.ask(), range(MORE_THAN_THE_POOL)))
            if max(page.seconds for page in pages) <= PAGE_SECONDS:
                break
    return pages


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Let every query of our tables wait while the block runs."""
    with psycopg.connect(shop.environment["DATABASE_URL"]) as connection:
        for table in TABLES:
            connection.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table))
            )
        yield
        connection.rollback()


def _terminate(operator: psycopg.Connection, database: str) -> None:
    operator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
    )


def _allow_connections(operator: psycopg.Connection, database: str, *, allowed: bool) -> None:
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    operator.execute(statement.format(sql.Identifier(database), sql.Literal(allowed)))


def _rename(shop: Shop, old: str, new: str) -> None:
    with psycopg.connect(shop.environment["DATABASE_URL"], autocommit=True) as connection:
        for table in TABLES:
            names = (sql.Identifier(name.format(table)) for name in (old, new))
            connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(*names))


def _waiting(operator: psycopg.Connection, database: str) -> int:
    found = operator.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
        [database],
    ).fetchone()
    assert found
    return int(found[0])
