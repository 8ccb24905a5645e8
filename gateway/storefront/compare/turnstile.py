"""Who may begin a comparison: one at a time, and then not at once the next."""

from dataclasses import dataclass

PAUSE_SECONDS = 3.0
LEAST_SECONDS = 1.0
"""How long to wait where nobody knows when the one inside will leave."""


@dataclass(slots=True)
class Turnstile:
    """Lets one in, and the next one ``pause_seconds`` after that one left.

    The instants are on the caller's clock, in seconds.
    """

    pause_seconds: float = PAUSE_SECONDS
    _inside: bool = False
    _opens_at: float = 0.0

    def enter(self, now: float) -> float:
        """Return 0.0 and let the caller in, or the seconds after which to come again."""
        if self._inside:
            return max(self.pause_seconds, LEAST_SECONDS)
        if now < self._opens_at:
            return self._opens_at - now
        self._inside = True
        return 0.0

    def leave(self, now: float) -> None:
        """Let the next one in, after the pause."""
        self._inside = False
        self._opens_at = now + self.pause_seconds
