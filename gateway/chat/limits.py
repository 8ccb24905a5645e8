"""How much one visitor may do. Rules alone: they are told the time (seconds, monotonic)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, then ``per_second``."""

    burst: float
    per_second: float


class Bucket:
    """A bucket of tokens that fills at a rate, up to its burst."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._left = rate.burst
        self._at = now

    def wait_seconds(self, now: float) -> float:
        """Return the seconds until there is a token; 0.0 if there is one."""
        self._fill(now)
        return max(0.0, (1.0 - self._left) / self._rate.per_second)

    def take(self, now: float) -> None:
        """Take one token, whether there is one or not."""
        self._fill(now)
        self._left -= 1.0

    def _fill(self, now: float) -> None:
        earned = max(0.0, now - self._at) * self._rate.per_second
        self._left = min(self._rate.burst, self._left + earned)
        self._at = now


def wait_seconds(buckets: Sequence[Bucket], now: float) -> float:
    """Take a token of each bucket and return 0.0; or none of any, and return for how long to wait.

    What is refused costs nothing: whoever waits is served when the time has come.
    """
    longest = max(bucket.wait_seconds(now) for bucket in buckets)
    if longest == 0.0:
        for bucket in buckets:
            bucket.take(now)
    return longest


MESSAGES_OF_A_CONNECTION = Rate(burst=10, per_second=1)
MESSAGES_OF_A_VISITOR = Rate(burst=15, per_second=1.5)
MESSAGES_OF_AN_ADDRESS = Rate(burst=100, per_second=20)
"""Many may share one: a school, a company, a library."""

PINGS = Rate(burst=5, per_second=0.2)

MISTAKES = Rate(burst=20, per_second=0.2)
"""What could not be done, whatever the reason: whoever goes on in spite of it is sent away."""

CONNECTIONS = 1_000
CONNECTIONS_OF_A_VISITOR = 20
CONNECTIONS_OF_AN_ADDRESS = 200
HANDSHAKES_OF_AN_ADDRESS = Rate(burst=200, per_second=20)
