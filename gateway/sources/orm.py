"""Sources that are a queryset: Django writes the SQL, the native pool runs it.

Django's own asynchronous queries run one after another in a thread; compiled here and awaited on
the pool, those of one page run side by side.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from gateway.aggregation.errors import BadPayload
from gateway.aggregation.record import note
from gateway.aggregation.source import Call, Reply, Source
from gateway.sources.declaration import Declaration
from gateway.sources.postgres import Postgres, Rows

Args = Mapping[str, Any]

COMPILED = 256
"""For how many different sets of arguments a query's SQL is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(Declaration):
    """A source in Postgres.

    ``select`` makes a queryset with ``.values(…)`` from the call's arguments; its columns must have
    the names of ``row``'s fields. ``shape`` makes the reply's value from the rows. Where ``select``
    returns None there is nothing to ask, and ``shape`` gets no rows.
    """

    select: Callable[[Args], "QuerySet[Any, Any] | None"]
    row: type[msgspec.Struct]
    shape: Callable[[Sequence[Any], Args], Any]


def orm_source(query: Query, postgres: Postgres) -> Source:
    """Return the source that ``query`` declares, run on ``postgres``."""
    compiled = lru_cache(maxsize=COMPILED)(partial(_compiled, query))

    async def asked(call: Call) -> Reply:
        question = compiled(tuple(call.args[name] for name in query.asks))
        if question is None:
            # Nobody was asked, so nothing can change: this is good for ever.
            return Reply(query.shape((), call.args), lifetime=math.inf)
        rows = await postgres.rows(query.name, question.sql, question.params, call.deadline)
        note("body")
        return Reply(query.shape(_typed(query, question.names, rows), call.args))

    return asked


@dataclass(frozen=True, slots=True)
class _Question:
    sql: str
    params: tuple[Any, ...]
    names: tuple[str, ...]


def _compiled(query: Query, values: tuple[Any, ...]) -> _Question | None:
    """Let Django write the SQL. It takes longer than Postgres does to answer, so it is kept."""
    queryset = query.select(dict(zip(query.asks, values, strict=True)))
    if queryset is None:
        return None
    try:
        sql, params = queryset.query.sql_with_params()
    except EmptyResultSet:
        return None
    names = (*queryset.query.values_select, *queryset.query.annotation_select)
    return _Question(sql, params, names)


def _typed(query: Query, names: tuple[str, ...], rows: Rows) -> list[msgspec.Struct]:
    try:
        return [msgspec.convert(dict(zip(names, row, strict=True)), query.row) for row in rows]
    except (msgspec.ValidationError, ValueError) as exc:
        raise BadPayload(query.name, str(exc)) from exc
