"""The doorman: sends away whoever is one too many before anything else is done for him.

To refuse in the application costs an eighth of a page: the parser, the task, the look for the view.
At five times the visitors that can be served, refusing would then take most of what there is. The
doorman knows a plain request by its bytes, asks the gateway's door whether it is full, and answers
with bytes that lie ready. What is not plain goes the long way, to the same door.
"""

import itertools
import secrets
import time
from collections.abc import Callable

from django.utils.http import http_date

from gateway.server.counter import AWAITED, Counter
from gateway.server.guests import Guest, keep, send_away
from gateway.server.plain import Plain, plain_request
from gateway.server.turns import ROUND_SECONDS, Clock, Held, Turns
from gateway.web.admission import BREATH_SECONDS
from gateway.web.handler import Handler, Way
from gateway.web.ready import LONGEST_WAIT_SECONDS
from gateway.web.refusals import refusal

AT_ONCE = 40
"""So many are refused at once in each round; who is above that, and was refused a moment ago, is
held."""

REQUEST_ID = b"X-Request-ID: "

MOST_HELD = 256
"""Of those who came on new connections, and would be gone if they were not held."""


class Doorman:
    """Stands before ``handler``, and turns away who would not be let in there. Times are seconds.

    A refusal is cheap, and many are not: where too many ask again at once, instead of after the
    second that they were asked for, each of them is held for a breath.
    """

    def __init__(self, handler: Handler, clock: Clock = time.monotonic) -> None:
        self.counter = Counter(handler.shelf, handler.returning)
        """What lies ready is handed out even while it is full: it costs no more than refusing. And
        a member who comes again costs a third of one who has to be let in."""
        self._door = handler.door
        self._way_of = handler.way_of
        self._clock = clock
        self._numbers = itertools.count(secrets.randbits(120))
        self._ready: dict[tuple[str, bool, bool], list[bytes]] = {}
        self._second = 0
        self._held = Held(clock)
        self._turns = Turns(clock)
        self._round_began = 0.0
        self._refused = 0

    @property
    def is_needed(self) -> bool:
        """Whether nobody else is let in now. It is asked for all that is read, so it is cheap."""
        return self._door.full

    def deals_with(self, guest: Guest, data: bytes) -> bool:
        """Answer, hold or refuse ``guest`` by the bytes that he sent; False where he is let on.

        Only for one who is between two requests.
        """
        if not self._turns.has_time_for(guest, data):
            return True
        found = self.counter.answer_to(data, guest.is_last)
        if found is AWAITED and self._waits_on(guest, data):
            return True
        if isinstance(found, tuple):
            send_away(guest, *found)
            return True
        if self.is_needed and self.turns_away(guest, data):
            return True
        self._door.expect()
        return False

    def _waits_on(self, guest: Guest, data: bytes) -> bool:
        """Let ``guest`` wait for a page that others wait for too, unless he has waited enough."""
        now = self._clock()
        if guest.came is not None and now - guest.came > LONGEST_WAIT_SECONDS:
            return False
        keep(guest, data, now)
        self._held.hold(now + ROUND_SECONDS, guest.go_on)
        return True

    def turns_away(self, guest: Guest, data: bytes) -> bool:
        """Refuse ``guest``, or hold him; return False, and do nothing, where he must go on.

        Only for one who is between two requests, while ``is_needed``.
        """
        if (request := self._unwelcome(data)) is None:
            return False
        now = self._clock()
        if self._is_flood(now) and now - guest.refused_at < BREATH_SECONDS:
            keep(guest, data, now)
            self._held.hold(guest.refused_at + BREATH_SECONDS, guest.go_on)
            return True
        guest.refused_at = now
        last = request.closes or guest.is_last
        send_away(guest, self._answer(request, last), last)
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
        self._held.hold(self._clock() + BREATH_SECONDS, act)
        return True

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
