"""Who is looked at when: so many guests in a turn of the event loop, some only after a while."""

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.server.guests import Guest, keep

A_TURN = 128
"""So many requests are looked at by their bytes in one turn of the event loop; the others have the
next ones, in the order in which they came. While a thousand sockets are ready, libuv reads from
them again and again, up to 48 times, before it gives anything else a turn: also the sources, whose
time runs, and health."""

ROUND_SECONDS = 0.01
"""Those who are held are told to go on together, at the end of a round: a timer for each would cost
more than what they are told."""

Clock = Callable[[], float]


class Turns:
    """The line of those who are one too many in this turn. Instants are seconds, on ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._this_turn = 0
        self._later: deque[Guest] = deque()
        self._calls_in = False

    def has_time_for(self, guest: Guest, data: bytes) -> bool:
        """Whether ``data`` may be looked at now; if not, it is kept for the next turn."""
        if not self._calls_in:
            if self._this_turn >= A_TURN or self._later:
                keep(guest, data, self._clock())
                self._later.append(guest)
                return False
            if not self._this_turn:
                asyncio.get_running_loop().call_soon(self._begin)
        self._this_turn += 1
        return True

    def _begin(self) -> None:
        """Call in those who had to wait for this turn, and see to it that there is a next one."""
        self._this_turn = 0
        self._calls_in = True
        try:
            for _ in range(min(A_TURN, len(self._later))):
                self._later.popleft().go_on()
        finally:
            self._calls_in = False
            if self._this_turn or self._later:
                asyncio.get_running_loop().call_soon(self._begin)


class Held:
    """Those who are told something only after a while, in the order in which they were held."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: deque[tuple[float, Callable[[], None]]] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, until: float, act: Callable[[], None]) -> None:
        """Call ``act`` at the end of the round in which ``until`` has come, or a little later.

        Nobody overtakes: whoever is held for a shorter time waits for those before him.
        """
        if not self._held:
            asyncio.get_running_loop().call_later(ROUND_SECONDS, self._release)
        self._held.append((until, act))

    def _release(self) -> None:
        now = self._clock()
        for _ in range(len(self._held)):
            if self._held[0][0] > now:
                break
            self._held.popleft()[1]()
        if self._held:
            asyncio.get_running_loop().call_later(ROUND_SECONDS, self._release)
