"""The page of the comparison: look, and run it once.

It is not native: who is staff is asked of Postgres through Django.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import timezone

from gateway.aggregation.deadline import Deadline
from gateway.members.identity import claim
from gateway.members.visitor import visitor_of
from gateway.runtime import runtime
from gateway.storefront.compare.presenters import present_comparison
from gateway.storefront.compare.results import Comparison
from gateway.storefront.compare.strategies import Comparing
from gateway.storefront.compare.turnstile import LEAST_SECONDS, Turnstile
from gateway.storefront.plan import HOME
from gateway.storefront.views import RECOMMENDATIONS
from gateway.telemetry.logs import log
from gateway.web.facts import call_from
from gateway.web.pages import is_signed_in

RUN_SECONDS = 4.0
"""For all three together: below what the edge waits, above three times a page's budget."""

DELAYS = {"0": 0.0, "100": 0.1, "200": 0.2}
"""What may be added to each source, in seconds, by the words of the form."""


@dataclass
class Desk:
    """What one gateway knows of comparisons: who is at it, and what the last one found."""

    turnstile: Turnstile = field(default_factory=Turnstile)
    last: Comparison | None = None
    comparing: Comparing | None = None

    def enter(self, now: float) -> float:
        """Return 0.0 and let the caller in, or the seconds after which to come again."""
        if self.comparing is not None and self.comparing.lingers:
            # A thread cannot be stopped: until it has noticed, it counts as a comparison.
            return max(self.turnstile.pause_seconds, LEAST_SECONDS)
        return self.turnstile.enter(now)


desk = Desk()


async def compare(request: HttpRequest) -> HttpResponse:
    """The three strategies side by side; POST runs them."""
    refusal = await _refusal(request)
    if refusal is not None:
        return refusal
    if request.method == "POST":
        return await _run(request)
    if request.method in ("GET", "HEAD"):
        return _page(request)
    return HttpResponseNotAllowed(["GET", "HEAD", "POST"])


async def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return where to sign in, for strangers; raise for members who are not staff."""
    if settings.DEBUG or settings.COMPARE_PUBLIC:
        return None
    visitor = await visitor_of(request)
    if not visitor.is_member:
        return redirect_to_login("/compare/")
    if not visitor.is_staff:
        raise PermissionDenied
    return None


async def _run(request: HttpRequest) -> HttpResponse:
    delay = DELAYS.get(request.POST.get("slower", "0"))
    if delay is None:
        return _page(request, 422, "Choose one of the delays below.")
    if (wait := desk.enter(time.monotonic())) > 0:
        seconds = max(1, math.ceil(wait))
        sentence = f"Somebody has just run it. Try again in {seconds} s."
        response = _page(request, 429, sentence)
        response.headers["Retry-After"] = str(seconds)
        return response
    try:
        desk.comparing = Comparing(HOME, _call(request), runtime(), delay)
        desk.last = await desk.comparing.run()
    finally:
        desk.turnstile.leave(time.monotonic())
    log.info("compare.run", ms={r.strategy: round(r.seconds * 1000) for r in desk.last.runs})
    return _page(request)


def _call(request: HttpRequest) -> Any:
    """Return what the home page would ask, with the time of a comparison."""
    today = timezone.now().date()
    call = call_from(request, on=today, limit=RECOMMENDATIONS, **claim(request))
    return call.due(Deadline.after(RUN_SECONDS))


def _page(request: HttpRequest, status: int = 200, error: str = "") -> HttpResponse:
    shown = present_comparison(desk.last) if desk.last else {}
    context = {"signed_in": is_signed_in(request), "error": error, **shown}
    html = render_to_string("storefront/compare.html", context, request)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
