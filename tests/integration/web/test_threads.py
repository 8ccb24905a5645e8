"""Synchronous code inside async views, with a real database."""

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection

from gateway.web.threads import in_thread


def _asked(sql: str) -> Any:
    """Ask on this thread's connection, and return that connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
    return connection._connections[connection._alias], threading.get_ident()


async def test_a_connection_that_a_thread_opened_is_closed_behind_it(shop_data: None) -> None:
    for _ in range(3):
        used, where = await in_thread(_asked, "SELECT 1")
        assert where != threading.get_ident()
        assert used.connection is None


async def test_it_is_closed_behind_a_failure_too(shop_data: None) -> None:
    opened = []

    def failing() -> None:
        with connection.cursor() as cursor:
            opened.append(connection._connections[connection._alias])
            cursor.execute("SELECT nonsense")

    with pytest.raises(DatabaseError):
        await in_thread(failing)
    assert [each.connection for each in opened] == [None]
