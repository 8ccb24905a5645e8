"""What is known of a request before any view runs: its name, its trace, its deadline."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call
from gateway.telemetry.traces import tracing
from gateway.web.names import drawn

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})\Z")
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}\Z")
_SAMPLED = 1
ARRIVED = "gateway.arrived"
"""Where in an ASGI scope stands when its request came (monotonic)."""

IS_THERE = "gateway.is_there"
"""Where in an ASGI scope of our own servers stands what tells whether the visitor is there."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """``request_id`` and ``traceparent`` are safe in headers and logs; ``started`` is monotonic.

    ``parent_id`` is the span of whoever asked us, empty where the trace begins with us.
    """

    request_id: str
    traceparent: str
    started: float
    deadline: Deadline
    parent_id: str = ""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits: what all that is done for the request has in common."""
        return self.traceparent[3:35]

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits: the request itself, within its trace."""
        return self.traceparent[36:52]

    @property
    def sampled(self) -> bool:
        """Whether somebody collects the trace."""
        return self.traceparent.endswith("1")


def gather(request: HttpRequest) -> RequestFacts:
    """Return the facts of a request.

    Its time runs from when it came, and not from when its turn came: the visitor has waited since.
    """
    started = arrival(getattr(request, "scope", {}))
    name, asked_by = request_id(request.META.get("HTTP_X_REQUEST_ID", "")), _parent(request)
    return RequestFacts(
        request_id=name,
        traceparent=traceparent(asked_by, name),
        started=started,
        deadline=Deadline(started + settings.PAGE_BUDGET_SECONDS),
        parent_id=asked_by[36:52],
    )


def arrival(scope: Mapping[str, Any]) -> float:
    """Return when (monotonic) the request of ``scope`` came; now, where nobody has noted it."""
    arrived = scope.get(ARRIVED)
    return time.monotonic() if arrived is None else float(arrived)


def request_id(given: str) -> str:
    """Return the id that was given if it is well formed, else a new one."""
    return given if _REQUEST_ID.match(given) else drawn(16)


def traceparent(given: str, name: str = "") -> str:
    """Return the W3C trace context that goes upstream: the visitor's trace, and a span of ours.

    Trace Context level 1, 3.2: what is malformed is not continued, and a new trace begins; it is
    called as the request is, where ``name`` is fit for that, so that one id finds it everywhere. Of
    the flags only "sampled" goes on, the others have no meaning yet; where we trace ourselves, our
    own sampler decides.
    """
    found = _TRACEPARENT.match(given)
    if found:
        trace, parent, sampled = found[1], found[2], int(found[3], 16) & _SAMPLED
    else:
        trace, parent, sampled = _trace_called(name), "", 0
    if (ours := tracing()) is not None:
        sampled = ours.samples(trace, parent, parent_sampled=bool(sampled))
    return f"00-{trace}-{drawn(8)}-{sampled:02x}"


def trace_id(given: str, name: str) -> str:
    """Return the trace that a request belongs to: the visitor's, or one called ``name``."""
    found = _TRACEPARENT.match(given)
    return found[1] if found else _trace_called(name)


def _trace_called(name: str) -> str:
    return name if _TRACE_ID.match(name) else drawn(16)


def _parent(request: HttpRequest) -> str:
    """Return the trace context of whoever asks, if it is one that can be continued."""
    given = request.META.get("HTTP_TRACEPARENT", "")
    return given if _TRACEPARENT.match(given) else ""


def facts_of(request: HttpRequest) -> RequestFacts:
    """Return the facts that the middleware gathered."""
    facts: RequestFacts = request.facts  # type: ignore[attr-defined]
    return facts


def call_from(request: HttpRequest, **args: Any) -> Call:
    """Return what a page asks of its sources on behalf of ``request``."""
    facts = facts_of(request)
    baggage = {"X-Request-ID": facts.request_id, "traceparent": facts.traceparent}
    return Call(facts.deadline, args, baggage)
