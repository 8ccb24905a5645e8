"""The time that a call spends in our own queues, kept apart from the time its source takes.

The breaker stands outside the bulkhead, and must not blame a source for a queue of ours. What the
bulkhead notes here, in whatever task, reaches the breaker around it and no other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Waited:
    """How many seconds a call has waited so far."""

    seconds: float = 0.0


_current: ContextVar[Waited | None] = ContextVar("waited", default=None)


@contextmanager
def waiting_noted() -> Iterator[Waited]:
    """Collect what is noted within the block."""
    waited = Waited()
    token = _current.set(waited)
    try:
        yield waited
    finally:
        _current.reset(token)


def note_waiting(seconds: float) -> None:
    """Take note that the call that is being made has waited ``seconds`` for its turn."""
    if (waited := _current.get()) is not None:
        waited.seconds += seconds
