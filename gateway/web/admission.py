"""Admission: more visitors than can be served well are told so at once.

To the gateway's door a page is a source like any other, and stands behind the same bulkhead: an
adaptive limit, and a short queue. Without it every page would be late under overload, and all of
the work for nothing.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import BulkheadFull
from gateway.aggregation.events import Listener
from gateway.aggregation.gate import Gate
from gateway.aggregation.limiter import LimitRules
from gateway.aggregation.policies.bulkhead import bulkhead
from gateway.aggregation.source import Call, Reply

RETRY_AFTER_SECONDS = 1
QUEUE_SECONDS = 0.04
"""So long a visitor may wait at the door; together with the answer that is less than 50 ms."""

LATE_SHARE = 0.75
"""Of the page's budget: a page that takes longer is late, and the limit falls."""

Answer = Callable[[Any, Any, Any], Awaitable[None]]


def admission(answer: Answer, emit: Listener) -> Answer:
    """Return ``answer``, an ASGI application, behind a door for as many as can be served well."""
    gate = Gate("door", door_rules(settings.PAGE_BUDGET_SECONDS))

    async def page(call: Call) -> Reply:
        await answer(*call.args["asgi"])
        return Reply(None)

    behind = bulkhead("door", gate, emit)(page)

    async def admitted(scope: Any, receive: Any, send: Any) -> None:
        deadline = Deadline.after(settings.PAGE_BUDGET_SECONDS)
        try:
            await behind(Call(deadline, {"asgi": (scope, receive, send)}))
        except BulkheadFull:
            await _refuse(send)

    return admitted


def door_rules(budget_seconds: float) -> LimitRules:
    """Return the limits of the door, for pages with this budget."""
    return LimitRules(
        start=64,
        least=8,
        most=512,
        late_seconds=budget_seconds * LATE_SHARE,
        most_waiting=64,
        queue_seconds=QUEUE_SECONDS,
    )


async def _refuse(send: Any) -> None:
    body = _page()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src 'self'"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@cache
def _page() -> bytes:
    """Return the page that says so; rendered once, because there is no time for it when needed."""
    return render_to_string("503.html", {"request_id": ""}).encode()
