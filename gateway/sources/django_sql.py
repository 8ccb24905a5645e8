"""What Django's own connections are asked, as steps of the record: signing in, the admin."""

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from gateway.aggregation.record import step


def recorded(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Execute, as a step that is told the statement without its values."""
    with step("sql", "django") as it:
        if it is not None:
            it.details["sql"] = str(sql)
        return execute(sql, params, many, context)


def record_statements(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Let what a connection is asked be recorded; one that is made anew keeps what it was told."""
    if recorded not in connection.execute_wrappers:
        connection.execute_wrappers.append(recorded)
