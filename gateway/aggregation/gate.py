"""The gate of a bulkhead, as plain code: who may go in, who waits, who is turned away.

The last to come is the first to go in. Under a load that lasts, first come, first served makes
everybody wait until hardly any time is left, and most of what is then served comes too late; the
last to come has the most time left, and is served well (Netflix's LifoBlockingLimiter, Facebook's
adaptive LIFO). While there is no overload the queue is empty, and its order is nobody's concern.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from gateway.aggregation.limiter import Limiter, LimitRules


class Turn(Enum):
    """What has become of a ticket."""

    WAITING = "waiting"
    INSIDE = "inside"
    FULL = "full"
    """Turned away: there was no place in the queue."""
    LATE = "late"
    """Turned away: too little time was left."""
    GONE = "gone"
    """It has given back what it had."""


def _nobody() -> None:
    """Wake nobody."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One call at the gate. ``wake`` is called when it need not wait any longer.

    It waits no longer than ``until``, and is of no use from ``useful_until`` on (both are instants,
    in monotonic seconds).
    """

    until: float
    useful_until: float
    turn: Turn = Turn.WAITING
    wake: Callable[[], None] = _nobody


@dataclass(frozen=True, slots=True)
class GateSnapshot:
    """A gate at one instant, for people."""

    upstream: str
    limit: int
    running: int
    waiting: int


class Gate:
    """Lets as many calls of an upstream in as its limit allows. Whoever enters must leave."""

    def __init__(self, upstream: str, rules: LimitRules | None = None) -> None:
        self.upstream = upstream
        self.rules = rules or LimitRules()
        self.running = 0
        self._limiter = Limiter(self.rules)
        self._waiting: dict[Ticket, None] = {}  # a set that keeps its order

    @property
    def limit(self) -> int:
        """How many calls may run at once."""
        return self._limiter.limit

    def enter(self, now: float, deadline: float) -> Ticket:
        """Return the ticket of a call that comes ``now`` and must be answered by ``deadline``.

        A queue that is full turns away whoever has waited longest: he has the least time left.
        """
        useful_until = deadline - self.rules.useful_seconds
        ticket = Ticket(min(useful_until, now + self.rules.queue_seconds), useful_until)
        if self.running < self.limit:
            self._let_in(ticket)
        elif now >= useful_until:
            ticket.turn = Turn.LATE
        else:
            self._queue(ticket)
        return ticket

    def leave(self, ticket: Ticket, now: float) -> None:
        """Give back what ``ticket`` holds: its place inside, its place in the queue, or nothing.

        It may be called at any time and more than once.
        """
        was, ticket.turn = ticket.turn, Turn.GONE
        if was is Turn.WAITING:
            del self._waiting[ticket]
        elif was is Turn.INSIDE:
            self.running -= 1
            if self._waiting:
                self._let_more_in(now)

    def learn(self, started: float, now: float, late: bool) -> None:
        """Take note of how a call fared that is still inside; see ``Limiter.learn``."""
        self._limiter.learn(started, now, self.running, late)
        if self._waiting:
            self._let_more_in(now)

    def snapshot(self) -> GateSnapshot:
        """Return how things stand."""
        return GateSnapshot(self.upstream, self.limit, self.running, len(self._waiting))

    def _queue(self, ticket: Ticket) -> None:
        self._waiting[ticket] = None
        if len(self._waiting) > self.rules.most_waiting:
            self._turn_away(next(iter(self._waiting)), Turn.FULL)

    def _let_more_in(self, now: float) -> None:
        while self._waiting and self.running < self.limit:
            newest = next(reversed(self._waiting))
            if newest.until <= now:
                self._turn_away(newest, Turn.LATE)
                continue
            del self._waiting[newest]
            self._let_in(newest)
            newest.wake()

    def _let_in(self, ticket: Ticket) -> None:
        ticket.turn = Turn.INSIDE
        self.running += 1

    def _turn_away(self, ticket: Ticket, turn: Turn) -> None:
        del self._waiting[ticket]
        ticket.turn = turn
        ticket.wake()
