"""The counter: hands out pages that lie ready, before anything else is done for a request.

A page from the shelf costs less than to parse its request. What is not plain, and what does not lie
there, goes on, and finds the same shelf behind the parser if it is for a page of it.
"""

import itertools
import secrets
import time

from django.utils.http import http_date

from gateway.server.plain import Plain, plain_request, value_of
from gateway.telemetry.lines import Answered, tell_of
from gateway.telemetry.metrics import ready_pages
from gateway.web.facts import trace_id
from gateway.web.ready import ReadyPage, Shelf, key_among

Found = tuple[bytes, bool]


class Awaited:
    """Says that the page will be there in a moment."""


AWAITED = Awaited()
_BEGINNINGS = (b"GET ", b"HEAD ")


class Counter:
    """Answers from ``shelf``, by the bytes of plain requests."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._numbers = itertools.count(secrets.randbits(120))
        self._second = 0
        self._date = b""

    @property
    def has_any(self) -> bool:
        """Whether anything may lie ready."""
        return self._shelf.has_any

    def answer_to(
        self, data: bytes, last: bool, *, only_last: bool = False
    ) -> Found | Awaited | None:
        """Return what to answer to ``data``, and whether the connection ends with it.

        None where nothing lies ready for it, ``AWAITED`` where it soon will. ``last`` says that no
        further request is wanted; ``only_last``, that nobody else than who wants none is answered.
        """
        begun = time.monotonic()
        if not self._may_have(data) or (asked := plain_request(data)) is None or asked.has_query:
            return None
        if only_last and not asked.closes:
            return None
        if (key := key_among(asked.path, asked.headers)) is None:
            return None
        if self._shelf.is_awaited(key):
            return AWAITED
        if (page := self._shelf.find(key)) is None:
            return None
        name = asked.request_id or b"%032x" % next(self._numbers)
        ready_pages.inc()
        self._tell(asked, name, begun)
        last = last or asked.closes
        return self._written(page, asked, name, last, begun), last

    def _may_have(self, data: bytes) -> bool:
        end = data.find(b" ", 5)
        return data.startswith(_BEGINNINGS) and self._shelf.has(
            data[data.find(b" ") + 1 : end].decode("latin1")
        )

    def _written(
        self, page: ReadyPage, asked: Plain, name: bytes, last: bool, begun: float
    ) -> bytes:
        if (second := int(time.time())) != self._second:
            self._second, self._date = second, http_date(second).encode()
        took = (time.monotonic() - begun) * 1000
        return (
            b'HTTP/1.1 200 OK\r\n%bserver-timing: page;dur=%.1f;desc="ready"\r\n'
            b"date: %b\r\nx-request-id: %b\r\n%b\r\n%b"
        ) % (
            page.lines,
            took,
            self._date,
            name,
            b"connection: close\r\n" if last else b"",
            b"" if asked.is_head else page.body,
        )

    @staticmethod
    def _tell(asked: Plain, name: bytes, begun: float) -> None:
        took = (time.monotonic() - begun) * 1000
        method = "HEAD" if asked.is_head else "GET"
        called = name.decode()
        trace = trace_id(value_of(b"traceparent", asked.headers).decode("latin1"), called)
        tell_of(Answered(called, trace, method, asked.path, 200, round(took, 1)))
