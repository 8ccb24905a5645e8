"""Rules of pools (C) and of the database (D)."""

import re
from collections.abc import Iterable
from typing import Any

from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule
from gateway.sources.orm import Query
from gateway.sources.transports import MAX_CONNECTIONS_PER_UPSTREAM

RESERVED_CONNECTIONS = 10
"""What Postgres keeps for its superuser, and what workers and migrations take."""
FEW_CONNECTIONS = 5
"""What the bulkhead lets in at the least, however badly things go."""


@rule(
    "C001",
    Severity.ERROR,
    "The bulkhead lets in more calls than there are connections: they wait for one inside the "
    "source's own time, and the source is blamed for it.",
    "Let the bulkhead refuse first: fewer calls (gateway/runtime.py), or a larger pool.",
)
def pools_smaller_than_the_bulkhead(facts: Facts) -> Iterable[str]:
    for name, (most, postgres) in _gates(facts).items():
        pool = facts.settings.POSTGRES_POOL_SIZE if postgres else MAX_CONNECTIONS_PER_UPSTREAM
        if most > pool:
            yield f"{most} calls of {name} may run at once, and the pool has {pool} connections."


@rule(
    "C002",
    Severity.NOTE,
    "Were all services as busy at once as they may be, calls would wait for a connection inside "
    "their own time.",
    "Raise MAX_CONNECTIONS in gateway/sources/transports.py, or let fewer calls run at once.",
)
def all_services_at_once(facts: Facts) -> Iterable[str]:
    calls = {name: most for name, (most, postgres) in _gates(facts).items() if not postgres}
    if sum(calls.values()) > facts.connections:
        yield (
            f"{len(calls)} services may have {sum(calls.values())} calls under way, and there are "
            f"{facts.connections} connections in all."
        )


@rule(
    "C003",
    Severity.ERROR,
    "Postgres turns away whoever comes last: replicas that start, or the admin.",
    "Make POSTGRES_POOL_SIZE smaller, or raise max_connections.",
)
def more_than_postgres_takes(facts: Facts) -> Iterable[str]:
    found = re.search(r"max_connections=(\d+)", facts.compose)
    # One more beside the pages' pool, for what staff change at run time.
    each = facts.settings.POSTGRES_POOL_SIZE + facts.settings.SYNC_THREADS + 1
    if found and each * facts.replicas + RESERVED_CONNECTIONS > int(found[1]):
        yield (
            f"{facts.replicas} gateways with {each} connections each (POSTGRES_POOL_SIZE and "
            f"SYNC_THREADS), and {RESERVED_CONNECTIONS} for others, are more than the "
            f"{found[1]} that Postgres takes."
        )


@rule(
    "C004",
    Severity.WARNING,
    "So few queries run at once that a handful of visitors wait for each other.",
    f"Set POSTGRES_POOL_SIZE to {FEW_CONNECTIONS} or more; 16 is the default.",
)
def a_very_small_pool(facts: Facts) -> Iterable[str]:
    if facts.settings.POSTGRES_POOL_SIZE < FEW_CONNECTIONS:
        yield f"POSTGRES_POOL_SIZE is {facts.settings.POSTGRES_POOL_SIZE}."


def _gates(facts: Facts) -> dict[str, tuple[int, bool]]:
    """Return for each upstream how many calls of it may run, and whether it is Postgres."""
    found: dict[str, tuple[int, bool]] = {}
    for each in facts.sources:
        if (gate := each.layer("bulkhead")) is not None:
            known = gate.made_of["gate"]
            found[known.upstream] = (known.rules.most, isinstance(each.declared, Query))
    return found


@rule(
    "D001",
    Severity.ERROR,
    "A slow query of the admin or of signing in holds its connection, and a thread, for ever.",
    "Give DATABASES the option -c statement_timeout=5000 (milliseconds), as gateway/settings.py "
    "does.",
)
def no_statement_timeout(facts: Facts) -> Iterable[str]:
    found = re.search(r"statement_timeout\s*=\s*(\d+)", str(_options(facts).get("options", "")))
    if found is None or int(found[1]) == 0:
        yield "Queries that go through Django have no statement_timeout."


@rule(
    "D002",
    Severity.ERROR,
    "Under ASGI a kept connection belongs to a thread and not to a request: they pile up until "
    "Postgres takes no more.",
    "Leave CONN_MAX_AGE at 0; pages have a pool of their own.",
)
def kept_connections(facts: Facts) -> Iterable[str]:
    age = facts.settings.DATABASES["default"].get("CONN_MAX_AGE", 0)
    if age != 0:
        yield f"CONN_MAX_AGE is {age}."


@rule(
    "D003",
    Severity.WARNING,
    "Where Postgres' address leads nowhere, connecting waits for minutes.",
    "Give DATABASES the option connect_timeout (seconds).",
)
def no_connect_timeout(facts: Facts) -> Iterable[str]:
    if not _options(facts).get("connect_timeout"):
        yield "Connections that Django makes have no connect_timeout."


def _options(facts: Facts) -> dict[str, Any]:
    return dict(facts.settings.DATABASES["default"].get("OPTIONS", {}))


RULES = (
    pools_smaller_than_the_bulkhead,
    all_services_at_once,
    more_than_postgres_takes,
    a_very_small_pool,
    no_statement_timeout,
    kept_connections,
    no_connect_timeout,
)
