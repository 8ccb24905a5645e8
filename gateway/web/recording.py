"""Which requests have a record, and what becomes of it when they are over."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gateway.aggregation.record import Record, Step
from gateway.telemetry.traces import tracing
from gateway.web.facts import RequestFacts
from gateway.web.insight.audience import may_be_shown

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NO_RECORD: "AbstractContextManager[None, None]" = nullcontext()


def recording(
    request: HttpRequest, facts: RequestFacts
) -> "AbstractContextManager[Step | None, bool | None]":
    """Return the context in which what a request does is recorded; of None where nothing is.

    It is for a request that is traced, and for one whose page may show it.
    """
    traced = facts.sampled and tracing() is not None
    if traced or may_be_shown(request):
        return _recorded(request, facts, traced=traced)
    return _NO_RECORD


def answered(root: Step | None, request: HttpRequest, response: HttpResponseBase) -> None:
    """Take note of how a recorded request was answered. Of its path only the route is kept."""
    if root is None:
        return
    root.details["status"] = str(response.status_code)
    if (match := request.resolver_match) is not None:
        root.details["route"] = f"/{match.route}"


@contextmanager
def _recorded(request: HttpRequest, facts: RequestFacts, *, traced: bool) -> Iterator[Step]:
    record = Record(facts.trace_id, traced, facts.deadline.at)
    method = request.method if request.method in _METHODS else "other"
    root = record.begin("request", method or "", None, facts.started)
    root.id = facts.span_id
    root.details |= {"request_id": facts.request_id, "parent": facts.parent_id}
    record.begin("queue", "door", root, facts.started).end()
    try:
        with root:
            yield root
    finally:
        record.close()
        if traced and (ours := tracing()) is not None:
            # The page first: to make spans of a record takes longer than to make the record.
            asyncio.get_running_loop().call_soon(ours.send, record)
