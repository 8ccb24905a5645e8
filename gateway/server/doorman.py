"""The doorman: sends away whoever is one too many before anything else is done for him.

To refuse in the application costs an eighth of a page: the parser, the task, the look for the view.
At five times the visitors that can be served, refusing would then take most of what there is. The
doorman knows a plain request by its bytes, asks the gateway's door whether it is full, and answers
with bytes that lie ready. What is not plain goes the long way, to the same door.
"""

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from django.utils.http import http_date

from gateway.server.counter import AWAITED, Counter
from gateway.server.plain import Plain, plain_request
from gateway.web.admission import BREATH_SECONDS
from gateway.web.facts import ARRIVED, IS_THERE
from gateway.web.handler import Handler, Way
from gateway.web.ready import LONGEST_WAIT_SECONDS
from gateway.web.refusals import refusal

AT_ONCE = 40
ROUND_SECONDS = 0.01
"""So many are refused at once in each round; who is above that, and was refused a moment ago, is
held. Those who are held get the word together at the end of a round: a timer for each would cost
more than the word."""

REQUEST_ID = b"X-Request-ID: "

A_TURN = 128
"""So many requests are looked at by their bytes in one turn of the event loop; the others have the
next ones, in the order in which they came. While a thousand sockets are ready, libuv reads from
them again and again, up to 48 times, before it gives anything else a turn: also the sources, whose
time runs, and health."""

MOST_HELD = 256
"""Of those who came on new connections, and would be gone if they were not held."""

Clock = Callable[[], float]


class Guest(Protocol):
    """A connection between two requests. ``refused_at`` is when it was last sent away.

    ``came`` is when the request came that is to be read next, if it had to wait; else None.
    """

    refused_at: float
    came: float | None

    @property
    def is_last(self) -> bool:
        """Whether no further request is wanted, whatever the visitor wants."""

    def is_there(self) -> bool:
        """Whether the connection is open, as far as is known."""

    def hold(self, data: bytes) -> None:
        """Keep ``data``, which was read, and what else comes."""

    def go_on(self) -> None:
        """Read on, beginning with what was kept."""

    def send_away(self, answer: bytes, last: bool) -> None:
        """Send ``answer``, and then end the connection if it is the ``last``."""


class Doorman:
    """Stands before ``handler``, and turns away who would not be let in there. Times are seconds.

    A refusal is cheap, and many are not: where too many ask again at once, instead of after the
    second that they were asked for, each of them is held for a breath.
    """

    def __init__(self, handler: Handler, clock: Clock = time.monotonic) -> None:
        self.counter = Counter(handler.shelf)
        """What lies ready is handed out even while it is full: it costs no more than refusing."""
        self._door = handler.door
        self._way_of = handler.way_of
        self._clock = clock
        self._numbers = itertools.count(secrets.randbits(120))
        self._ready: dict[tuple[str, bool, bool], list[bytes]] = {}
        self._second = 0
        self._held: deque[tuple[float, Callable[[], None]]] = deque()
        self._round_began = 0.0
        self._refused = 0
        self._this_turn = 0
        self._later: deque[Guest] = deque()
        self._calls_in = False

    @property
    def is_needed(self) -> bool:
        """Whether nobody else is let in now. It is asked for all that is read, so it is cheap."""
        return self._door.full

    def deals_with(self, guest: Guest, data: bytes) -> bool:
        """Answer, hold or refuse ``guest`` by the bytes that he sent; False where he is let on.

        Only for one who is between two requests.
        """
        if not self.has_time_for(guest, data):
            return True
        found = self.counter.answer_to(data, guest.is_last)
        if found is AWAITED and self._waits_on(guest, data):
            return True
        if isinstance(found, tuple):
            self._send_away(guest, *found)
            return True
        if self.is_needed and self.turns_away(guest, data):
            return True
        self._door.expect()
        return False

    def has_time_for(self, guest: Guest, data: bytes) -> bool:
        """Whether ``data`` may be looked at now; if not, it is kept for the next turn."""
        if not self._calls_in:
            if self._this_turn >= A_TURN or self._later:
                self._keep(guest, data, self._clock())
                self._later.append(guest)
                return False
            if not self._this_turn:
                asyncio.get_running_loop().call_soon(self._begin_turn)
        self._this_turn += 1
        return True

    @staticmethod
    def note(guest: Guest, scope: dict[str, Any]) -> None:
        """Note in ``scope``, the request that ``guest`` is let on with, who tells that he is there.

        And when it came, where he had to wait; but not where a body may have been long on its way:
        that is the visitor's own time.
        """
        scope[IS_THERE] = guest.is_there
        if guest.came is not None and scope["method"] in ("GET", "HEAD"):
            scope[ARRIVED] = guest.came
        guest.came = None

    def _waits_on(self, guest: Guest, data: bytes) -> bool:
        """Let ``guest`` wait for a page that others wait for too, unless he has waited enough."""
        now = self._clock()
        if guest.came is not None and now - guest.came > LONGEST_WAIT_SECONDS:
            return False
        self._keep(guest, data, now)
        self._hold(now + ROUND_SECONDS, guest.go_on)
        return True

    @staticmethod
    def _keep(guest: Guest, data: bytes, now: float) -> None:
        """Let ``guest`` keep ``data`` until he is told to go on: his time runs meanwhile."""
        if guest.came is None:
            guest.came = now
        guest.hold(data)

    @staticmethod
    def _send_away(guest: Guest, answer: bytes, last: bool) -> None:
        guest.came = None
        guest.send_away(answer, last)

    def _begin_turn(self) -> None:
        """Call in those who had to wait for this turn, and see to it that there is a next one."""
        self._this_turn = 0
        self._calls_in = True
        try:
            for _ in range(min(A_TURN, len(self._later))):
                self._later.popleft().go_on()
        finally:
            self._calls_in = False
            if self._this_turn or self._later:
                asyncio.get_running_loop().call_soon(self._begin_turn)

    def turns_away(self, guest: Guest, data: bytes) -> bool:
        """Refuse ``guest``, or hold him; return False, and do nothing, where he must go on.

        Only for one who is between two requests, while ``is_needed``.
        """
        if (request := self._unwelcome(data)) is None:
            return False
        now = self._clock()
        if self._is_flood(now) and now - guest.refused_at < BREATH_SECONDS:
            self._keep(guest, data, now)
            self._hold(guest.refused_at + BREATH_SECONDS, guest.go_on)
            return True
        guest.refused_at = now
        last = request.closes or guest.is_last
        self._send_away(guest, self._answer(request, last), last)
        return True

    def page_at_once(self, data: bytes) -> bytes | None:
        """Return the page that lies ready for ``data``, if nothing more is wanted after it.

        Whoever may ask again is let on: a connection that is kept costs less in the end.
        """
        found = self.counter.answer_to(data, last=True, only_last=True)
        return found[0] if isinstance(found, tuple) else None

    def answers_at_once(self, data: bytes) -> bytes | None:
        """Return what to answer to ``data``, the first of a connection, which ends with it.

        None where it must go on: it may be let in, or may ask again without coming anew, which
        costs less. In a flood nobody knows which of them will, and so it ends there too.
        """
        request = self._unwelcome(data)
        if request is None or not (self._is_flood(self._clock()) or request.closes):
            return None
        return self._answer(request, last=True)

    def _unwelcome(self, data: bytes) -> Plain | None:
        """Return the request that ``data`` is, if it is plain, and for what is behind the door."""
        request = plain_request(data)
        if request is None or self._way_of(request.path) is not Way.DOOR:
            return None
        return request

    def _is_flood(self, now: float) -> bool:
        """Count a refusal, and return whether there are too many in this round."""
        if now - self._round_began > ROUND_SECONDS:
            self._round_began = now
            self._refused = 0
        self._refused += 1
        return self._refused > AT_ONCE

    def in_a_breath(self, act: Callable[[], None]) -> bool:
        """Call ``act`` in a breath, and return True, if there is a flood; else return False.

        False too where so many are held that more would cost too many sockets.
        """
        if self._refused <= AT_ONCE or len(self._held) >= MOST_HELD:
            return False
        self._hold(self._clock() + BREATH_SECONDS, act)
        return True

    def _hold(self, until: float, act: Callable[[], None]) -> None:
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

    def _answer(self, request: Plain, last: bool) -> bytes:
        self._door.refuse()
        if (second := int(time.time())) != self._second:
            self._second = second
            self._ready.clear()
        kind = (request.path[: len("/api/")], request.is_head, last)
        if (ready := self._ready.get(kind)) is None:
            ready = self._ready[kind] = _ready_but_for_its_name(*kind)
        return (request.request_id or b"%032x" % next(self._numbers)).join(ready)


def _ready_but_for_its_name(path: str, is_head: bool, last: bool) -> list[bytes]:
    """Return what comes before the request's id, and what comes behind it."""
    told = refusal(path)
    lines = [b"HTTP/1.1 503 Service Unavailable"]
    lines += [name.title() + b": " + value for name, value in told.headers]
    lines += [b"Date: " + http_date().encode()]
    lines += [b"Connection: close"] if last else []
    body = b"" if is_head else told.body
    return [b"\r\n".join([*lines, REQUEST_ID]), b"\r\n\r\n" + body]
