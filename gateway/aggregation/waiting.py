"""The time that a call spends in our own queues, kept apart from the time its source takes.

The breaker stands outside the bulkhead, and must not blame a source for a queue of ours. What the
bulkhead notes here, in whatever task, reaches the breaker around it and no other.
"""

from contextvars import ContextVar


class Waited:
    """How many ``seconds`` a call has waited so far; a context in which that is collected."""

    __slots__ = ("_outer", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> "Waited":
        self._outer = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._outer)


_current: ContextVar[Waited | None] = ContextVar("waited", default=None)


def waiting_noted() -> Waited:
    """Return a context that collects what is noted within it."""
    return Waited()


def note_waiting(seconds: float) -> None:
    """Take note that the call that is being made has waited ``seconds`` for its turn."""
    if (waited := _current.get()) is not None:
        waited.seconds += seconds
