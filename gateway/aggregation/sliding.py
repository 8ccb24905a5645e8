"""Counting what happened lately, in bounded memory: by time alone, or by time and number."""

import math
from collections import deque


class SlidingCounts:
    """Several counters over the last ``window_seconds``, kept in ``steps`` buckets.

    The oldest bucket lies partly outside the window. ``least`` leaves it out and ``most`` takes it
    in, so that a bound that is built on both holds for the true window at every instant.
    """

    def __init__(self, counters: int, window_seconds: float, steps: int = 10) -> None:
        self._step_seconds = window_seconds / steps
        self._steps = steps
        self._totals = [0] * counters
        self._buckets: deque[tuple[int, list[int]]] = deque()

    def add(self, now: float, *amounts: int) -> None:
        """Add to each counter what happened at ``now`` (seconds, monotonic)."""
        step = self._slide(now)
        if not self._buckets or self._buckets[-1][0] < step:
            self._buckets.append((step, [0] * len(self._totals)))
        counts = self._buckets[-1][1]
        for index, amount in enumerate(amounts):
            counts[index] += amount
            self._totals[index] += amount

    def most(self, now: float) -> tuple[int, ...]:
        """Return each counter over the window, or up to one step longer."""
        self._slide(now)
        return tuple(self._totals)

    def least(self, now: float) -> tuple[int, ...]:
        """Return each counter over the window, or up to one step shorter."""
        step = self._slide(now)
        if self._buckets and self._buckets[0][0] == step - self._steps:
            oldest = self._buckets[0][1]
            return tuple(total - count for total, count in zip(self._totals, oldest, strict=True))
        return tuple(self._totals)

    def _slide(self, now: float) -> int:
        """Drop the buckets that lie wholly outside the window; return the step of ``now``."""
        step = math.floor(now / self._step_seconds)
        while self._buckets and self._buckets[0][0] < step - self._steps:
            _, gone = self._buckets.popleft()
            for index, count in enumerate(gone):
                self._totals[index] -= count
        return step


class LatestCounts:
    """Several counters over the latest ``most`` occasions, none older than ``window_seconds``.

    The number makes it quick to notice a change under heavy traffic, where a window of time holds
    thousands; the time makes it forget under light traffic, where so many are from yesterday.
    """

    def __init__(self, counters: int, window_seconds: float, most: int) -> None:
        self._window_seconds = window_seconds
        self._most = most
        self._totals = [0] * counters
        self._occasions: deque[tuple[float, tuple[int, ...]]] = deque()

    def add(self, now: float, *amounts: int) -> None:
        """Add an occasion at ``now`` (seconds, monotonic), and to each counter its amount."""
        if len(self._occasions) >= self._most:
            self._forget_oldest()
        self._occasions.append((now, amounts))
        if any(amounts):
            for index, amount in enumerate(amounts):
                self._totals[index] += amount

    def counts(self, now: float) -> tuple[int, ...]:
        """Return how many occasions there were, and what each counter has come to."""
        while self._occasions and self._occasions[0][0] <= now - self._window_seconds:
            self._forget_oldest()
        return (len(self._occasions), *self._totals)

    def clear(self) -> None:
        """Forget everything."""
        self._occasions.clear()
        self._totals = [0] * len(self._totals)

    def _forget_oldest(self) -> None:
        _, amounts = self._occasions.popleft()
        if any(amounts):
            for index, amount in enumerate(amounts):
                self._totals[index] -= amount
