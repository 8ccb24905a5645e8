"""How long a source takes: a bounded sample of its latest calls."""

import math
from bisect import bisect_left, insort
from collections import deque

TAIL = 0.95
MEDIAN = 0.5


class Latency:
    """The seconds that the latest ``most`` calls took.

    It says nothing before it has seen ``least`` of them: a guess from less is worse than none.
    """

    def __init__(self, least: int = 20, most: int = 400) -> None:
        self._least = least
        self._most = most
        self._latest: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def calls(self) -> int:
        """How many calls it knows."""
        return len(self._latest)

    def add(self, seconds: float) -> None:
        """Take note of a call that took ``seconds``."""
        if len(self._latest) >= self._most:
            oldest = self._latest.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._latest.append(seconds)
        insort(self._sorted, seconds)

    def add_unfinished(self, seconds: float) -> None:
        """Take note of a call that was given up when it had taken ``seconds``.

        Nobody knows how long it would have taken. Where it was slower than most already, that is
        enough: it belongs to the tail, wherever in it. Where it was not, it says nothing.
        """
        tail = self.quantile(TAIL)
        if tail is None or seconds >= tail:
            self.add(seconds)

    def quantile(self, share: float) -> float | None:
        """Return the seconds within which ``share`` (0 to 1) of the calls ended; None if unknown.

        This is the nearest rank: always a time that a call did take.
        """
        count = len(self._sorted)
        if count < self._least:
            return None
        return self._sorted[max(0, math.ceil(share * count) - 1)]
