"""Sources that are a queryset: Django writes the SQL, the native pool runs it.

Django's own asynchronous queries run one after another in a thread; compiled here and awaited on
the pool, those of one page run side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from gateway.aggregation.errors import BadPayload
from gateway.aggregation.source import Call, Reply, Source
from gateway.sources.declaration import Declaration
from gateway.sources.postgres import Postgres

Args = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(Declaration):
    """A source in Postgres.

    ``select`` makes a queryset with ``.values(…)`` from the call's arguments; its columns must have
    the names of ``row``'s fields. ``shape`` makes the reply's value from the rows. Where ``select``
    returns None there is nothing to ask, and ``shape`` gets no rows.
    """

    select: Callable[[Args], "QuerySet[Any, dict[str, Any]] | None"]
    row: type[msgspec.Struct]
    shape: Callable[[Sequence[Any], Args], Any]


def orm_source(query: Query, postgres: Postgres) -> Source:
    """Return the source that ``query`` declares, run on ``postgres``."""

    async def asked(call: Call) -> Reply:
        queryset = query.select(call.args)
        if queryset is None:
            return Reply(query.shape((), call.args))
        try:
            sql, params = queryset.query.sql_with_params()
        except EmptyResultSet:
            return Reply(query.shape((), call.args))
        rows = await postgres.rows(query.name, sql, params, call.deadline)
        names = (*queryset.query.values_select, *queryset.query.annotation_select)
        try:
            typed = [msgspec.convert(dict(zip(names, row, strict=True)), query.row) for row in rows]
        except (msgspec.ValidationError, ValueError) as exc:
            raise BadPayload(query.name, str(exc)) from exc
        return Reply(query.shape(typed, call.args))

    return asked
