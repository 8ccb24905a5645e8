"""Ctrl-C, SIGTERM and a closed terminal: noted at once, acted upon where we wait."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Self

SAME_REQUEST_SECONDS = 1.0
POLL_SECONDS = 0.2


class Stopped(Exception):
    """We were asked to end."""


class StopRequest:
    """Whether somebody asked us to end; ``pause`` raises Stopped as soon as somebody does.

    Nothing is raised from a signal handler: it could hit us between starting a child and noting
    it. ``hurry`` is called when the wish is repeated. One wish may arrive twice: make passes
    SIGTERM on to a recipe that the sender's group reached already.

    ``parent`` is the make that started us, if one did. make keeps a lone SIGINT to itself and
    waits for us; all that can be seen of it is that it no longer catches the signal.
    """

    def __init__(self, hurry: Callable[[], None], parent: int | None = None) -> None:
        self.asked_at: float | None = None
        self._make = parent if parent and catches_interrupt(parent) else None
        self._hurry = hurry
        self._read, self._write = os.pipe()

    def __enter__(self) -> Self:
        wanted = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else nohup keeps us alive
            wanted.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in wanted}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def pause(self, seconds: float) -> None:
        """Wait; raises Stopped if we were asked to end before or meanwhile."""
        end = time.monotonic() + seconds
        while True:
            if self.asked_at is None and self._make and not catches_interrupt(self._make):
                self._note(signal.SIGINT, None)
            left = end - time.monotonic()
            select.select([self._read], [], [], max(0.0, min(left, POLL_SECONDS)))
            if self.asked_at is not None:
                raise Stopped
            if left <= POLL_SECONDS:
                return

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at = now
            os.write(self._write, b"!")
        elif now - self.asked_at > SAME_REQUEST_SECONDS:
            self._hurry()


def catches_interrupt(pid: int) -> bool:
    """Whether a process has a handler for SIGINT, as far as the system tells."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1))
