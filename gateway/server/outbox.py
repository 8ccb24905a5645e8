"""Answers that go out together, at the end of a turn of the event loop.

To send wakes up whoever reads at the other end. Sent one by one, as they are made, each answer may
have to do that; sent together, most find him awake. uvloop does the same for what is written to its
own transports.
"""

import asyncio
import logging
from collections import deque
from contextvars import Context
from typing import Protocol

log = logging.getLogger(__name__)


class Sender(Protocol):
    """A connection."""

    def send_now(self, answer: bytes, last: bool) -> None:
        """Send ``answer``, and then end the connection if it is the ``last``."""


class Outbox:
    """Keeps answers until the end of the turn in which the first of them was put in."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Sender, bytes, bool]] = deque()

    def put(self, sender: Sender, answer: bytes, last: bool) -> None:
        """Let ``sender`` send ``answer`` when the turn ends."""
        if not self._waiting:
            # In a context of its own: it is put in by one visitor's task, and sends for all.
            asyncio.get_running_loop().call_soon(self._send, context=Context())
        self._waiting.append((sender, answer, last))

    def _send(self) -> None:
        while self._waiting:
            sender, answer, last = self._waiting.popleft()
            try:
                sender.send_now(answer, last)
            except Exception:  # which is no matter of the others
                log.exception("answer.lost")
