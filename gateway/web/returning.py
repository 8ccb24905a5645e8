"""Returning visitors: a member who comes again, while all of the page stands, needs no Django.

A member's page is nobody else's, so none lies ready for him. But while his cookies are the same,
Django makes the same of his request; and while each source says what it said, the page is the same.
So the way through Django is remembered, and the page is composed anew each time: every source is
looked into under its own limits. If all is at hand and nothing has changed, the answer is put
together from what lies there. Everybody else goes the long way.
"""

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings

from gateway.aggregation.compose import Composition, Plan
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call, Reply
from gateway.runtime import runtime
from gateway.web.provenance import provenance
from gateway.web.ready import ONES_OWN, Asked, asked_for
from gateway.web.rendering import made_of

KEPT_SECONDS = 10.0
"""For how long at most the way through Django is remembered. Mostly it ends with the shortest
lifetime of what the page is made of."""

MOST_VISITORS = 512
"""Each has a page of some kilobytes, and his cookies."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a response was made of: ``page`` is ``plan``, asked with ``args``, and nothing else is.

    A view notes it as ``made`` on a response whose every other byte is Django's.
    """

    plan: Plan
    args: Mapping[str, Any]
    page: Composition


class Answer(NamedTuple):
    """An answer with status 200, but for the headers that name one request."""

    lines: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class _Known:
    made: Made
    worth: tuple[Hashable, ...]
    lines: bytes
    body: bytes
    until: float


Compose = Callable[[Plan, Call], Composition | None]


def _at_hand(plan: Plan, call: Call) -> Composition | None:
    return runtime().compose_at_hand(plan, call)


class Returning:
    """Remembers how members were answered. Instants are seconds, on ``clock``.

    ``compose`` returns a page all of which is at hand; None where it is not.
    """

    def __init__(
        self, compose: Compose = _at_hand, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._compose = compose
        self._clock = clock
        self._known: dict[Asked, _Known] = {}
        self._paths: set[str] = set()

    def has(self, path: str) -> bool:
        """Whether anybody may be known at ``path``: quick to ask, and no promise."""
        return path in self._paths

    def offer(self, scope: Any, response: Any) -> None:
        """Remember ``response`` to the request of ``scope``, if it can be made again without it."""
        made: Made | None = getattr(response, "made", None)
        if made is None or not _is_alike_next_time(response, made.page):
            return
        seconds, asked = _seconds_good(made.page), asked_for(scope)
        if seconds <= 0 or asked is None or not asked.session:
            return
        if len(self._known) >= MOST_VISITORS and asked not in self._known:
            self._known.clear()
            self._paths.clear()
        anew = {*ONES_OWN, *map(str.lower, provenance(made.page))}
        lines = _lines(each for each in response.items() if each[0].lower() not in anew)
        until = self._clock() + seconds
        self._known[asked] = _Known(made, made_of(made.page), lines, response.content, until)
        self._paths.add(asked.key.path)

    def knows(self, asked: Asked) -> bool:
        """Whether a member who asks that was answered a moment ago."""
        known = self._known.get(asked)
        if known is not None and self._clock() >= known.until:
            del self._known[asked]
            return False
        return known is not None

    def answer(self, asked: Asked, name: str, trace: str) -> Answer | None:
        """Return what to answer to a member's request, now; None where more is to be done for it.

        ``name`` and ``trace`` go on to the sources: its id, and its trace context (W3C).
        """
        if not self.knows(asked):
            return None
        known = self._known[asked]
        deadline = Deadline.after(settings.PAGE_BUDGET_SECONDS)
        baggage = {"X-Request-ID": name, "traceparent": trace}
        page = self._compose(known.made.plan, Call(deadline, known.made.args, baggage))
        if page is None or made_of(page) != known.worth:
            del self._known[asked]
            return None
        return Answer(known.lines + _lines(provenance(page).items()), known.body)


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name.lower()}: {value}\r\n" for name, value in headers).encode("latin1")


def _is_alike_next_time(response: Any, page: Composition) -> bool:
    return (
        response.status_code == HTTPStatus.OK
        and not response.streaming
        and not response.cookies
        and response.get("Cache-Control") == "no-store"  # what caches are told changes with time
        and page.complete
    )


def _seconds_good(page: Composition) -> float:
    """Return for how long ``page`` may be worth a look; 0 where some of it is not kept."""
    replies = [outcome for outcome in page.outcomes.values() if isinstance(outcome, Reply)]
    return min([KEPT_SECONDS, *(reply.lifetime or 0.0 for reply in replies)])
