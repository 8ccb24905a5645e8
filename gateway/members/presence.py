"""Whether a worker lives: it holds a lock in Postgres for as long as it does.

The lock belongs to a connection, and the connection to the process: whatever ends the process,
``kill -9`` above all, ends the lock in the same moment. No clock has to be believed, and no lease
has to run out.
"""

import hashlib
import secrets

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_QUIET_SECONDS = 30
"""After which Postgres looks whether a silent worker's machine is there still."""


class Presence:
    """One worker's sign of life. Its ``name`` changes whenever the sign was interrupted."""

    def __init__(self) -> None:
        self.name = _new_name()
        self._connection: BaseDatabaseWrapper | None = None

    def hold(self) -> None:
        """Make sure that the lock is held. Raises Django's database errors where it cannot be.

        Once it was lost, others may have taken over what the worker did under the old name, so it
        goes on under a new one.
        """
        if self._connection is not None:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return
            except Error:
                self.lose()
                raise
        # One of its own: Django closes those that it knows after each task.
        fresh = connections.create_connection(DEFAULT_DB_ALIAS)
        with fresh.cursor() as cursor:
            cursor.execute(f"SET tcp_keepalives_idle = {_QUIET_SECONDS}")
            cursor.execute(f"SET tcp_keepalives_interval = {_QUIET_SECONDS // 3}")
            cursor.execute("SELECT pg_advisory_lock(%s)", [key_of(self.name)])
        self._connection = fresh

    def lose(self) -> None:
        """Give the lock up, and the name with it. It never raises."""
        held, self._connection = self._connection, None
        self.name = _new_name()
        if held is not None:
            try:
                held.close()
            except Error:
                return  # It was broken already, and the lock is gone with it.


def is_present(name: str) -> bool:
    """Return whether the worker of this name lives. Only inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key_of(name)])
        free = cursor.fetchone()[0]
    return not free


def key_of(name: str) -> int:
    """Return the number of a worker's lock."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, person=b"worker").digest()
    return int.from_bytes(digest, "big", signed=True)


def _new_name() -> str:
    return secrets.token_hex(16)
