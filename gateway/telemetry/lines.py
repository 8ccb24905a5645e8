"""The one line of each request, written many at a time.

What goes through the logging of the standard library costs a request as much as asking a source
that is kept. This line is always the same but for six values, so it is put together here, and all
lines of one turn of the event loop are written at once. People on a terminal get it as any other.
"""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from gateway.telemetry.logs import log

_logger = logging.getLogger("gateway")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, as the log tells of it. ``request_id`` and ``method`` are plain words."""

    request_id: str
    trace_id: str
    method: str
    path: str
    status: int
    milliseconds: float


class RequestLines:
    """Writes lines with ``write``: of those that come in one turn of the loop the first at once,
    and all others together at its end."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._waiting: list[str] | None = None

    def add(self, answered: Answered) -> None:
        """Take a line."""
        if self._waiting is not None:
            self._waiting.append(_line(answered))
            return
        self._write(_line(answered))
        with contextlib.suppress(RuntimeError):  # without a loop there are no turns
            asyncio.get_running_loop().call_soon(self._flush)
            self._waiting = []

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, None
        if lines:
            self._write("".join(lines))


def tell_of(answered: Answered) -> None:
    """Log that a request was answered."""
    if not _logger.isEnabledFor(logging.INFO):
        return
    if _is_terminal(sys.stderr):
        log.info(
            "request",
            method=answered.method,
            path=answered.path,
            status=answered.status,
            ms=answered.milliseconds,
        )
    else:
        _lines.add(answered)


@lru_cache(2)
def _is_terminal(stream: TextIO) -> bool:
    """Whether people read along; it does not change, and asking is a call into the kernel."""
    return stream.isatty()


def _line(told: Answered) -> str:
    """Return a line of JSON. The path is a visitor's; ASCII leaves no line break in it."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return (
        f'{{"method": "{told.method}", "path": {json.dumps(told.path)}, "status": {told.status}, '
        f'"ms": {told.milliseconds}, "event": "request", "request_id": "{told.request_id}", '
        f'"trace_id": "{told.trace_id}", "level": "info", "logger": "gateway", '
        f'"timestamp": "{at}"}}\n'
    )


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


_lines = RequestLines(_to_stderr)
