"""What staff have switched, as it lies in a Postgres: put there and looked at over its own way."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg

from gateway.aggregation.faults import FaultRule
from gateway.sources.inforce import Kind


class Switchboard:
    """The tables of one database. What is put there is committed at once."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def put(self, kind: Kind, name: str, value: Any = None, seconds: float | None = None) -> None:
        """Let ``value`` be in force, for ``seconds`` if that is given."""
        until = None if seconds is None else time.time() + seconds
        self._connection.execute(
            "INSERT INTO ops_switch (kind, name, value, until, why, changed_by, changed_at)"
            " VALUES (%s, %s, %s, to_timestamp(%s), '', 'a test', now())"
            " ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value,"
            " until = excluded.until",
            (kind.value, name, json.dumps(value), until),
        )

    def fault(self, source: str, rule: FaultRule | None, seconds: float = 60.0) -> None:
        """Begin a fault, or end it."""
        if rule is None:
            self.remove(Kind.FAULT, source)
        else:
            self.put(Kind.FAULT, source, asdict(rule), seconds)

    def remove(self, kind: Kind, name: str) -> None:
        """Let it be as it was."""
        self._connection.execute(
            "DELETE FROM ops_switch WHERE kind = %s AND name = %s", (kind.value, name)
        )

    def held(self) -> dict[tuple[str, str], tuple[Any, float | None]]:
        """All that is switched: values, and when they end."""
        found = self._connection.execute(
            "SELECT kind, name, value, extract(epoch FROM until)::float8 FROM ops_switch"
        )
        return {(kind, name): (value, until) for kind, name, value, until in found}

    def history(self) -> list[tuple[str, str, str, str]]:
        """All changes, oldest first: of what, from what, to what, by whom."""
        return self._connection.execute(
            "SELECT name, before, after, by FROM ops_change ORDER BY id"
        ).fetchall()

    def clear(self) -> None:
        """Forget everything."""
        self._connection.execute("DELETE FROM ops_switch")
        self._connection.execute("DELETE FROM ops_change")


@contextmanager
def switchboard(*address: str, **parameters: Any) -> Iterator[Switchboard]:
    """Give the switches of a database, which are none before and after."""
    with psycopg.connect(*address, autocommit=True, **parameters) as connection:
        board = Switchboard(connection)
        board.clear()
        try:
            yield board
        finally:
            board.clear()
