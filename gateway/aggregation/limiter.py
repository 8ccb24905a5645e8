"""Rule of the adaptive limit: how many calls of an upstream may run at once.

Additive increase, multiplicative decrease, as in TCP and in AIMDLimit of Netflix's
concurrency-limits, with two changes. It judges by rounds and not by single calls, so that a few
stragglers are no congestion. And it follows lateness, measured against what the page can wait for,
and not a gradient of the latency: a gradient needs to know the latency without load, and what it
takes for that drifts upwards in a long overload, until the limit is none.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimitRules:
    """Between which bounds the limit lies, when it moves, and who may wait for a place.

    A call is late when it takes longer than ``late_seconds``: set it a little below the source's
    timeout, so that the limit falls while calls still succeed. A round is at least
    ``round_calls``; where a share of ``late_share`` in it is late, the limit is multiplied by
    ``back_off``.

    At most ``most_waiting`` calls wait, each for at most ``queue_seconds`` and never so long that
    less than ``useful_seconds`` would be left for the call itself.
    """

    start: int = 20
    least: int = 5
    most: int = 100
    late_seconds: float = 0.36
    late_share: float = 0.10
    back_off: float = 0.8
    round_calls: int = 10
    most_waiting: int = 50
    queue_seconds: float = 0.2
    useful_seconds: float = 0.05

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.start <= self.most:
            raise ValueError("a limit needs 1 <= least <= start <= most")
        if not 0 < self.back_off < 1 or not 0 < self.late_share <= 1:
            raise ValueError("a limit needs 0 < back_off < 1 and 0 < late_share <= 1")
        if self.most_waiting < 0 or self.round_calls < 1:
            raise ValueError("a limit needs most_waiting >= 0 and round_calls >= 1")


class Limiter:
    """The limit, and what it learns. All times are seconds on one monotonic clock."""

    def __init__(self, rules: LimitRules) -> None:
        self._rules = rules
        self.limit = rules.start
        """How many calls may run at once."""
        self._exact = float(rules.start)
        self._lowered_at = float("-inf")
        self._calls = self._late = self._peak = 0  # of the round that is under way

    def learn(self, started: float, now: float, running: int, late: bool) -> None:
        """Take note of a call that began at ``started`` and ended ``now``, among ``running``.

        One that began before the limit was lowered saw the old limit: to lower it again for that
        would be to punish twice for one cause.
        """
        if started < self._lowered_at:
            return
        self._calls += 1
        self._late += late
        self._peak = max(self._peak, running)
        if self._calls >= max(self._rules.round_calls, self.limit):
            self._end_round(now)

    def _end_round(self, now: float) -> None:
        # Where less than half of the limit was in use, the limit is not what made calls late, and
        # nobody knows whether the source would bear more.
        if self._peak * 2 >= self.limit:
            if self._late >= self._rules.late_share * self._calls:
                self._exact = max(self._rules.least, self._exact * self._rules.back_off)
                self._lowered_at = now
            else:
                # By a twentieth where the limit is high, or to climb back would take minutes.
                self._exact = min(self._rules.most, self._exact + max(1.0, self._exact / 20))
            self.limit = int(self._exact)
        self._calls = self._late = self._peak = 0
