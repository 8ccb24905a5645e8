"""A connection on Twisted that notices, also on uvloop, that its visitor has reset it.

uvloop tells of a reset connection once and never again. Twisted takes one piece of what still
waits, and would then wait for ever for the next one, or for the end.
"""

import select
from typing import Any

from twisted.internet.tcp import Server


class Connection(Server):
    """Of a connection that is broken it reads all that has come, up to the error behind it."""

    _look: "select.poll | None" = None

    def doRead(self) -> Any:  # noqa: N802 - Twisted's name
        """Read a piece; where nothing more will be told of, the next ones too."""
        why = super().doRead()
        while why is None and self._is_reading() and self._is_broken():
            why = super().doRead()
        return why

    def _is_reading(self) -> bool:
        # Whoever holds a visitor up stops reading, and is told again when it goes on. By the
        # reactor's own set: its public list is made anew each time that it is asked for.
        return bool(self.connected) and self in self.reactor._readers

    def _is_broken(self) -> bool:
        if (look := self._look) is None:
            look = self._look = select.poll()
            look.register(self.fileno(), 0)
        return any(event & select.POLLERR for _, event in look.poll(0))
