"""The listening socket of a server that may be full: most who are too many come no further.

A new connection costs as much as several refusals. While the gateway is full, whoever has come with
a plain request and wants no other, or comes in a flood, is answered where he stands.
"""

import asyncio
import contextlib
import errno
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.aggregation.background import Background
from gateway.server.plain import MOST_BYTES

if TYPE_CHECKING:
    from gateway.server.doorman import Doorman

AT_A_TIME = 64
"""Refusals before the event loop is given a turn for everybody else."""

REST_SECONDS = 10.0
"""For what the socket did not take at once."""

_LOOK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class Porch(socket.socket):
    """Takes the place of ``listening``, with a ``doorman``."""

    __slots__ = ("_doorman", "_family", "at_a_time")

    def __init__(self, listening: socket.socket, doorman: "Doorman") -> None:
        # Numbers: to look up what they are called would cost more than all else of a refusal.
        self._family = int(listening.family)
        self._doorman = doorman
        self.at_a_time = AT_A_TIME
        super().__init__(self._family, socket.SOCK_STREAM, 0, fileno=listening.detach())
        self.setblocking(False)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that is let on, and its address.

        Raises ``OSError`` as any socket; ``BlockingIOError`` too where everybody was answered.
        """
        for _ in range(self.at_a_time):
            number, address = self._accept()  # type: ignore[attr-defined]
            visitor = socket.socket(self._family, socket.SOCK_STREAM, 0, fileno=number)
            if not self._is_answered(visitor):
                return visitor, address
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))

    def _is_answered(self, visitor: socket.socket) -> bool:
        """Answer a visitor who is here with his whole request; return False where he is let on."""
        doorman = self._doorman
        if not (doorman.is_needed or doorman.counter.has_any):
            return False
        try:
            data = visitor.recv(MOST_BYTES + 1, _LOOK)
            if (answer := doorman.page_at_once(data)) is not None:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(answer))
            elif not doorman.is_needed or (answer := doorman.answers_at_once(data)) is None:
                return False
            elif doorman.in_a_breath(partial(_say_farewell, visitor, answer)):
                visitor.recv(len(data))
                return True
            visitor.recv(len(data))  # what is not taken in would turn the farewell into a reset
        except BlockingIOError:
            return False
        except OSError:
            visitor.close()  # he is gone already
            return True
        _say_farewell(visitor, answer)
        return True


def _say_farewell(visitor: socket.socket, answer: bytes) -> None:
    """Send ``answer``, which a new connection mostly takes at once, and end the connection."""
    try:
        sent = visitor.send(answer, socket.MSG_DONTWAIT)
    except OSError:
        sent = len(answer)  # there is nobody any more
    if sent < len(answer):
        _the_rest.spawn(_send_rest(visitor, answer[sent:]))
    else:
        visitor.close()


async def _send_rest(visitor: socket.socket, rest: bytes) -> None:
    visitor.setblocking(False)
    with visitor, contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            await asyncio.get_running_loop().sock_sendall(visitor, rest)


_the_rest = Background(limit=1000)
