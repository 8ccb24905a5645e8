"""Rules of the circuit breaker, as plain code. The words are resilience4j's.

Closed: calls pass, and are counted over a sliding window. Open: none passes. Half-open: exactly one
passes, the probe, and what becomes of it decides. One breaker per upstream.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.aggregation.sliding import LatestCounts


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Cause(StrEnum):
    """Why a breaker opened."""

    FAILURES = "failures"
    SLOWNESS = "slowness"
    PROBE = "probe"
    """The one call of half-open was no success."""


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens, and for how long.

    It looks at the latest ``most_calls`` of the last ``window_seconds``. It opens when there are at
    least ``minimum_calls`` of them and a share of ``failure_rate`` failed, or a share of
    ``slow_rate`` took longer than ``slow_seconds``. A rate above 1 switches that reason off.

    The first time it stays open for ``open_seconds``; each further time ``growth`` times as long,
    up to ``most_open_seconds``: with a source's timeout added, that is how late the end of an
    outage may be noticed. Each ``calm_seconds`` that it stays closed undo one such step.
    """

    failure_rate: float = 0.5
    slow_rate: float = 0.9
    slow_seconds: float = 0.36
    minimum_calls: int = 10
    most_calls: int = 50
    window_seconds: float = 10.0
    open_seconds: float = 1.0
    growth: float = 1.25
    most_open_seconds: float = 1.5
    calm_seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 1 <= self.minimum_calls <= self.most_calls or self.growth < 1:
            raise ValueError("a breaker needs 1 <= minimum_calls <= most_calls and growth >= 1")
        if not 0 < self.open_seconds <= self.most_open_seconds:
            raise ValueError("a breaker needs 0 < open_seconds <= most_open_seconds")
        if min(self.failure_rate, self.slow_rate, self.window_seconds, self.calm_seconds) <= 0:
            raise ValueError("a breaker needs rates, a window and a calm that are more than 0")


@dataclass(frozen=True, slots=True)
class BreakerSnapshot:
    """A breaker at one instant, for people. Rates are shares of ``calls`` in the window."""

    upstream: str
    state: BreakerState
    calls: int
    failure_rate: float
    slow_rate: float
    open_seconds: float
    """For how long it opened last, or would open next."""
    left_seconds: float
    """How long it still stays open; 0.0 when it does not."""
    probing: bool


class _Proof(NamedTuple):
    """What a call proved: whether it failed, and whether it was slow. A failure may be both."""

    failed: bool
    slow: bool


class Permit:
    """Leave to make one call. It ends once: in ``succeed``, ``fail`` or ``release``."""

    __slots__ = ("_breaker", "_ended", "_period")

    def __init__(self, breaker: "Breaker", period: int) -> None:
        self._breaker = breaker
        self._period = period
        self._ended = False

    def succeed(self, now: float, seconds: float) -> None:
        """The call was answered after ``seconds``."""
        self._end(now, _Proof(False, seconds > self._breaker.rules.slow_seconds))

    def fail(self, now: float, seconds: float) -> None:
        """The call failed after ``seconds``, and it was the source that failed."""
        self._end(now, _Proof(True, seconds > self._breaker.rules.slow_seconds))

    def release(self, now: float) -> None:
        """The call proved nothing: it was cancelled, or never reached the source."""
        self._end(now, None)

    def _end(self, now: float, proof: _Proof | None) -> None:
        if self._ended:
            raise RuntimeError("a permit ends only once")
        self._ended = True
        self._breaker._take_back(self._period, now, proof)


class Breaker:
    """The state of one upstream's circuit. All times are seconds on one monotonic clock."""

    def __init__(self, upstream: str, rules: BreakerRules | None = None) -> None:
        self.upstream = upstream
        self.rules = rules or BreakerRules()
        self.state = BreakerState.CLOSED
        self.cause = Cause.FAILURES
        """Why it opened last."""
        self._window = LatestCounts(2, self.rules.window_seconds, self.rules.most_calls)
        self._period = 0  # counts changes of state: a permit from an earlier one proves nothing
        self._since = 0.0
        self._openings = 0
        self._probing = False

    @property
    def probing(self) -> bool:
        """Whether the one call of half-open is under way."""
        return self._probing

    @property
    def open_seconds(self) -> float:
        """For how long it opened last, or would open first."""
        repeats = max(0, self._openings - 1)
        longest = self.rules.most_open_seconds
        # Bounded before it is raised to a power, so that a year of outage is no overflow.
        return min(longest, self.rules.open_seconds * self.rules.growth ** min(repeats, 64))

    def acquire(self, now: float) -> Permit | None:
        """Return leave to make a call at ``now``, or None: the source is to be left alone."""
        if self.state is BreakerState.OPEN and now >= self._since + self.open_seconds:
            self._enter(BreakerState.HALF_OPEN, now)
        if self.state is BreakerState.OPEN or self._probing:
            return None
        self._probing = self.state is BreakerState.HALF_OPEN
        return Permit(self, self._period)

    def snapshot(self, now: float) -> BreakerSnapshot:
        """Return how things stand at ``now``."""
        calls, failed, slow = self._window.counts(now)
        is_open = self.state is BreakerState.OPEN
        left = max(0.0, self._since + self.open_seconds - now) if is_open else 0.0
        return BreakerSnapshot(
            self.upstream,
            self.state,
            calls,
            failed / calls if calls else 0.0,
            slow / calls if calls else 0.0,
            self.open_seconds,
            left,
            self._probing,
        )

    def _take_back(self, period: int, now: float, proof: _Proof | None) -> None:
        if period != self._period:
            return
        if self.state is BreakerState.HALF_OPEN:
            self._probed(now, proof)
        elif proof is not None:
            self._window.add(now, int(proof.failed), int(proof.slow))
            # A call that went well is no reason to open, whatever those before it did.
            if proof.failed or proof.slow:
                self._judge(now)

    def _probed(self, now: float, proof: _Proof | None) -> None:
        self._probing = False
        if proof is None:
            return  # the next call is the probe
        if proof.failed or (proof.slow and self.rules.slow_rate <= 1):
            self._open(Cause.PROBE, now)
        else:
            self._enter(BreakerState.CLOSED, now)

    def _judge(self, now: float) -> None:
        calls, failed, slow = self._window.counts(now)
        if calls < self.rules.minimum_calls:
            return
        if failed >= self.rules.failure_rate * calls:
            self._open(Cause.FAILURES, now)
        elif slow >= self.rules.slow_rate * calls:
            self._open(Cause.SLOWNESS, now)

    def _open(self, cause: Cause, now: float) -> None:
        if self.state is BreakerState.CLOSED:
            calm_steps = int((now - self._since) / self.rules.calm_seconds)
            self._openings = max(0, self._openings - calm_steps)
        self._openings += 1
        self.cause = cause
        self._enter(BreakerState.OPEN, now)

    def _enter(self, state: BreakerState, now: float) -> None:
        self.state = state
        self._since = now
        self._period += 1
        self._probing = False
        self._window.clear()
