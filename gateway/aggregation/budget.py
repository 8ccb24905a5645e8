"""Rule of extra calls: they may never be more than a share of the calls that visitors cause.

Without it, retries multiply the load on a source at the very moment when it cannot bear it (Google,
"Site Reliability Engineering", chapter 22; Finagle's RetryBudget).
"""

from gateway.aggregation.sliding import SlidingCounts

_ROUNDING = 1e-9
"""A tenth of thirty calls is three, whatever floating point makes of it."""


class Budget:
    """Allows extra calls up to ``share`` of the calls in any window of ``window_seconds``.

    ``minimum`` extra calls are allowed in a window however few calls there are; with 0 the extra
    calls never exceed ``share`` of all calls ever made.
    """

    def __init__(self, share: float = 0.10, window_seconds: float = 10.0, minimum: int = 3) -> None:
        self._share = share
        self._minimum = minimum
        self._counts = SlidingCounts(2, window_seconds, steps=50)

    @property
    def share(self) -> float:
        """Extra calls for each call that visitors cause."""
        return self._share

    @property
    def minimum(self) -> int:
        """Extra calls that a window always allows."""
        return self._minimum

    def count(self, now: float) -> None:
        """Take note of a call at ``now`` (seconds, monotonic): one that is no extra."""
        self._counts.add(now, 1, 0)

    def spend(self, now: float) -> bool:
        """Return whether an extra call may be made at ``now``; if so, it counts as made."""
        calls, _ = self._counts.least(now)
        _, extra = self._counts.most(now)
        if extra + 1 > max(self._minimum, self._share * calls) + _ROUNDING:
            return False
        self._counts.add(now, 0, 1)
        return True
