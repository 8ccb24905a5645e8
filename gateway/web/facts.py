"""What is known of a request before any view runs: its name, its trace, its deadline."""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})\Z")
_SAMPLED = 1
ARRIVED = "gateway.arrived"
"""Where in an ASGI scope stands when its request came (monotonic)."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """``request_id`` and ``traceparent`` are safe in headers and logs; ``started`` is monotonic."""

    request_id: str
    traceparent: str
    started: float
    deadline: Deadline


def gather(request: HttpRequest) -> RequestFacts:
    """Return the facts of a request.

    Its time runs from when it came, and not from when its turn came: the visitor has waited since.
    """
    started = arrival(getattr(request, "scope", {}))
    return RequestFacts(
        request_id=request_id(request.META.get("HTTP_X_REQUEST_ID", "")),
        traceparent=traceparent(request.META.get("HTTP_TRACEPARENT", "")),
        started=started,
        deadline=Deadline(started + settings.PAGE_BUDGET_SECONDS),
    )


def arrival(scope: Mapping[str, Any]) -> float:
    """Return when (monotonic) the request of ``scope`` came; now, where nobody has noted it."""
    arrived = scope.get(ARRIVED)
    return time.monotonic() if arrived is None else float(arrived)


def request_id(given: str) -> str:
    """Return the id that was given if it is well formed, else a new one."""
    return given if _REQUEST_ID.match(given) else secrets.token_hex(16)


def traceparent(given: str) -> str:
    """Return the W3C trace context that goes upstream: the visitor's trace, and a span of ours.

    Trace Context level 1, 3.2: what is malformed is not continued, and a new trace begins. Of the
    flags only "sampled" goes on: the others have no meaning yet and are sent as zero.
    """
    found = _TRACEPARENT.match(given)
    trace, flags = (found[1], int(found[2], 16)) if found else (secrets.token_hex(16), 0)
    return f"00-{trace}-{secrets.token_hex(8)}-{flags & _SAMPLED:02x}"


def facts_of(request: HttpRequest) -> RequestFacts:
    """Return the facts that the middleware gathered."""
    facts: RequestFacts = request.facts  # type: ignore[attr-defined]
    return facts


def call_from(request: HttpRequest, **args: Any) -> Call:
    """Return what a page asks of its sources on behalf of ``request``."""
    facts = facts_of(request)
    baggage = {"X-Request-ID": facts.request_id, "traceparent": facts.traceparent}
    return Call(facts.deadline, args, baggage)
