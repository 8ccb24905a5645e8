"""Views of the staff's page: look, switch a fault on or off, purge.

None of them is native: who is staff is asked of Postgres through Django, in a thread. So they do
not stand behind the door of ``admission`` either, and answer under any load.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from redis.exceptions import RedisError

from gateway.ops.access import staff_only
from gateway.ops.board import find, present
from gateway.ops.forms import FaultForm, fault_form
from gateway.ops.sources import SOURCES
from gateway.runtime import runtime
from gateway.sources.switches import purge, set_fault
from gateway.telemetry.logs import log

UNSENT = "Redis does not answer, so nothing was changed. Try again once it does."
UNSURE = "Redis did not confirm that. Look below whether it is done before you try again."


@staff_only("GET", "HEAD")
async def board(request: HttpRequest, member_id: int) -> HttpResponse:
    """How things stand."""
    return await _page(request)


@staff_only("POST")
async def fault_on(request: HttpRequest, member_id: int, source: str) -> HttpResponse:
    """Begin a fault of ``source``, or say what is wrong with the form."""
    _known(source)
    form = fault_form(source, request.POST)
    if not form.is_valid():
        return await _page(request, 422, judged={source: form})
    rule = form.rule()
    refusal = await _refusal(request, partial(set_fault, rule=rule, seconds=form.seconds()), source)
    if refusal is not None:
        return refusal
    log.warning(
        "fault.switched_on",
        member_id=member_id,
        source=source,
        delay_seconds=rule.delay_seconds,
        delay_percent=rule.delay_percent,
        abort_percent=rule.abort_percent,
        seconds=form.seconds(),
    )
    return _done(request, f"The fault of {source} begins in all gateways within 1 s.")


@staff_only("POST")
async def fault_off(request: HttpRequest, member_id: int, source: str) -> HttpResponse:
    """End the fault of ``source``."""
    _known(source)
    refusal = await _refusal(request, partial(set_fault, rule=None, seconds=0), source)
    if refusal is not None:
        return refusal
    log.warning("fault.switched_off", member_id=member_id, source=source)
    return _done(request, f"The fault of {source} ends in all gateways within 1 s.")


@staff_only("POST")
async def purge_source(request: HttpRequest, member_id: int, source: str) -> HttpResponse:
    """Make all gateways forget what they keep of ``source``."""
    _known(source)
    refusal = await _refusal(request, purge, source)
    if refusal is not None:
        return refusal
    log.warning("source.purged", member_id=member_id, source=source)
    return _done(request, f"All gateways ask {source} anew within 1 s.")


def _known(source: str) -> None:
    if source not in SOURCES:
        raise Http404("There is no such source.")


async def _refusal(
    request: HttpRequest, switch: Callable[..., None], source: str
) -> HttpResponse | None:
    """Do ``switch`` to ``source``; return the page that says why it is not done, if it is not.

    Redis is looked at first, which takes a tenth of a second where it is gone. What is written is
    one value, so that nothing can be half done.
    """
    if (await find(runtime(), time.time())).silent:
        return await _page(request, 503, error=UNSENT)
    try:
        await asyncio.to_thread(switch, settings.REDIS_URL, source)
    except RedisError:
        return await _page(request, 503, error=UNSURE)
    return None


def _done(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse("ops"), headers={"Cache-Control": "no-store"})


async def _page(
    request: HttpRequest,
    status: int = 200,
    *,
    error: str = "",
    judged: dict[str, FaultForm] | None = None,
) -> HttpResponse:
    ours = runtime()
    found = await find(ours, time.time())
    shown = present(found, ours.upstreams.values(), time.monotonic(), judged or {})
    context = {"signed_in": True, "error": error, **shown}
    html = render_to_string("ops/board.html", context, request)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
