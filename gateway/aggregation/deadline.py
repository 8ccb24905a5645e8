"""Deadline: the instant by which an answer must be there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]

RESERVE_SECONDS = 0.010
"""How much earlier an inner deadline ends than the outer one.

With both at one instant the inner side only sees itself cancelled and cannot say why; ten
milliseconds earlier it sees its own timeout, can name it and can still answer with a fallback.
"""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant on ``clock`` (seconds, monotonic). It is handed down, never restarted."""

    at: float
    clock: Clock = field(default=time.monotonic, repr=False, compare=False)

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> "Deadline":
        """Return the deadline that lies ``seconds`` from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Return the seconds that are left; 0.0 when there are none, never less."""
        left = self.at - self.clock()
        return left if left > 0.0 else 0.0

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.clock() >= self.at

    def within(self, seconds: float, reserve: float = 0.0) -> "Deadline":
        """Return the earlier of this deadline and the one that lies ``seconds`` from now.

        This one is taken to end ``reserve`` seconds earlier than it does.
        """
        return Deadline(min(self.at - reserve, self.clock() + seconds), self.clock)

    def reserve(self, seconds: float = RESERVE_SECONDS) -> "Deadline":
        """Return a deadline that ends ``seconds`` before this one: what is handed down."""
        return Deadline(self.at - seconds, self.clock)
