"""The listening socket of a server that may be full: most who are too many come no further.

A new connection costs as much as several refusals. While the gateway is full, whoever has come with
a plain request and wants no other, or comes in a flood, is answered where he stands.
"""

import contextlib
import errno
import os
import socket
from typing import TYPE_CHECKING, Any

from gateway.server.plain import MOST_BYTES

if TYPE_CHECKING:
    from gateway.server.doorman import Doorman

AT_A_TIME = 64
"""Refusals before the event loop is given a turn for everybody else."""

_LOOK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class Porch(socket.socket):
    """Takes the place of ``listening``, with a ``doorman``."""

    __slots__ = ("_doorman", "_family")

    def __init__(self, listening: socket.socket, doorman: "Doorman") -> None:
        # Numbers: to look up what they are called would cost more than all else of a refusal.
        self._family = int(listening.family)
        self._doorman = doorman
        super().__init__(self._family, socket.SOCK_STREAM, 0, fileno=listening.detach())
        self.setblocking(False)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that is let on, and its address.

        Raises ``OSError`` as any socket; ``BlockingIOError`` too where everybody was refused.
        """
        for _ in range(AT_A_TIME):
            number, address = self._accept()  # type: ignore[attr-defined]
            visitor = socket.socket(self._family, socket.SOCK_STREAM, 0, fileno=number)
            if not self._doorman.is_needed or not self._refuse(visitor):
                return visitor, address
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))

    def _refuse(self, visitor: socket.socket) -> bool:
        """Answer a visitor who is here with his whole request; return False where he is let on."""
        try:
            data = visitor.recv(MOST_BYTES + 1, _LOOK)
            if (answer := self._doorman.answers_at_once(data)) is None:
                return False
            visitor.recv(len(data))  # what is not taken in would turn the farewell into a reset
        except BlockingIOError:
            return False
        except OSError:
            visitor.close()  # he is gone already
            return True
        if not self._doorman.in_a_breath(lambda: _say_farewell(visitor, answer)):
            _say_farewell(visitor, answer)
        return True


def _say_farewell(visitor: socket.socket, answer: bytes) -> None:
    """Send ``answer``, which any new connection takes at once, and end the connection."""
    with visitor, contextlib.suppress(OSError):
        visitor.send(answer, socket.MSG_DONTWAIT)
