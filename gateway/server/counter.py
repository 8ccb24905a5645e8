"""The counter: hands out what needs no Django, before anything else is done for a request.

A page from the shelf costs less than to parse its request, and one for a member who comes again not
much more. What is not plain, and what is not here, goes on; it finds the same shelf behind the
parser if it is for a page of it.
"""

import itertools
import secrets
import time
from typing import NamedTuple

from gateway.server.dates import date_now
from gateway.server.plain import Plain, plain_request, value_of
from gateway.telemetry.lines import Answered, tell_of
from gateway.telemetry.metrics import ready_pages, returning_pages
from gateway.telemetry.traces import tracing
from gateway.web.facts import trace_id, traceparent
from gateway.web.ready import Asked, Shelf, asked_among
from gateway.web.returning import Answer, Returning

Found = tuple[bytes, bool]


class Awaited:
    """Says that the page will be there in a moment."""


AWAITED = Awaited()
_BEGINNINGS = (b"GET ", b"HEAD ")


class _Here(NamedTuple):
    answer: Answer
    trace_id: str


class Counter:
    """Answers plain requests by their bytes: from ``shelf``, or to ``returning`` visitors."""

    def __init__(self, shelf: Shelf, returning: Returning) -> None:
        self._shelf = shelf
        self._returning = returning
        self._numbers = itertools.count(secrets.randbits(120))

    @property
    def has_any(self) -> bool:
        """Whether anything may lie ready."""
        return self._shelf.has_any

    def answer_to(
        self, data: bytes, last: bool, *, only_last: bool = False
    ) -> Found | Awaited | None:
        """Return what to answer to ``data``, and whether the connection ends with it.

        None where nothing is here for it, ``AWAITED`` where it soon will be. ``last`` says that no
        further request is wanted; ``only_last``, that nobody else than who wants none is answered.
        """
        begun = time.monotonic()
        if not self._may_have(data) or (plain := plain_request(data)) is None or plain.query:
            return None
        if only_last and not plain.closes:
            return None
        if (asked := asked_among(plain.path, plain.headers)) is None:
            return None
        name = plain.request_id or b"%032x" % next(self._numbers)
        if asked.session:
            here = self._again(asked, plain, name.decode())
        elif self._shelf.is_awaited(asked.key):
            return AWAITED
        else:
            here = self._ready(asked, plain, name.decode(), begun)
        if here is None:
            return None
        last = last or plain.closes
        written = self._written(here.answer, name, last, is_head=plain.is_head)
        took = round(_milliseconds_since(begun), 1)
        method = "HEAD" if plain.is_head else "GET"
        tell_of(Answered(name.decode(), here.trace_id, method, plain.path, 200, took))
        return written, last

    def _may_have(self, data: bytes) -> bool:
        if not data.startswith(_BEGINNINGS):
            return False
        path = data[data.find(b" ") + 1 : data.find(b" ", 5)].decode("latin1")
        return self._shelf.has(path) or self._returning.has(path)

    def _ready(self, asked: Asked, plain: Plain, name: str, begun: float) -> "_Here | None":
        if (page := self._shelf.find(asked.key)) is None:
            return None
        ready_pages.inc()
        timing = b'server-timing: page;dur=%.1f;desc="ready"\r\n' % _milliseconds_since(begun)
        return _Here(Answer(page.lines + timing, page.body), trace_id(_parent(plain), name))

    def _again(self, asked: Asked, plain: Plain, name: str) -> "_Here | None":
        if not self._returning.knows(asked):
            return None
        trace = traceparent(_parent(plain), name)
        if tracing() is not None and (trace.endswith("1") or not plain.request_id):
            # Each of its steps is to be told; or may be, where its id is drawn on the long way.
            return None
        if (answer := self._returning.answer(asked, name, trace)) is None:
            return None
        returning_pages.inc()
        return _Here(answer, trace[3:35])

    @staticmethod
    def _written(answer: Answer, name: bytes, last: bool, *, is_head: bool) -> bytes:
        return b"HTTP/1.1 200 OK\r\n%bdate: %b\r\nx-request-id: %b\r\n%b\r\n%b" % (
            answer.lines,
            date_now(),
            name,
            b"connection: close\r\n" if last else b"",
            b"" if is_head else answer.body,
        )


def _milliseconds_since(begun: float) -> float:
    return (time.monotonic() - begun) * 1000


def _parent(plain: Plain) -> str:
    return value_of(b"traceparent", plain.headers).decode("latin1")
