"""Views of the staff's page: look, switch a fault on or off, purge.

None of them is native, and so none stands behind the door of ``admission``: they answer under any
load. To look costs no thread's work: who is staff is asked natively, and beside the pages' pool.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.db import Error as DatabaseDown
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from redis.exceptions import RedisError

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.ops.access import Who, staff_only
from gateway.ops.board import Scene, present, present_forms
from gateway.ops.changing.noting import set_fault
from gateway.ops.forms import FaultForm, fault_form
from gateway.ops.live.portrait import portrait
from gateway.ops.live.presence import others
from gateway.ops.live.reasons import REASONS
from gateway.ops.live.wording import clock
from gateway.ops.sources import SOURCES
from gateway.runtime import Runtime, runtime
from gateway.sources.switches import purge
from gateway.telemetry.logs import log

NO_REDIS = "Redis does not answer, so nothing was changed. Try again once it does."
UNSURE = "Redis did not confirm that. Look below whether it is done before you try again."
NO_POSTGRES = "Postgres did not take that, so nothing was changed. Try again once it does."
HISTORY_SECONDS = 0.3
MOST_ID = 120
_HISTORY = """
SELECT extract(epoch FROM at)::float8, by, name, before, after, why
FROM ops_change ORDER BY id DESC LIMIT 10
"""


@staff_only("GET", "HEAD")
async def board(request: HttpRequest, who: Who) -> HttpResponse:
    """How things stand."""
    return await _page(request, who)


@staff_only("GET", "HEAD")
async def live(request: HttpRequest, who: Who) -> HttpResponse:
    """The parts of the page that change by themselves, for its script."""
    shown = present(await _scene(request, who))
    html = render_to_string("ops/_live.html", shown, request)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


@staff_only("GET", "HEAD")
async def reasons(request: HttpRequest, who: Who) -> HttpResponse:
    """What each reason word means, and what to do."""
    context = {"signed_in": True, "reasons": REASONS}
    html = render_to_string("ops/reasons.html", context, request)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


@staff_only("POST")
async def fault_on(request: HttpRequest, who: Who, source: str) -> HttpResponse:
    """Begin a fault of ``source``, or say what is wrong with the form."""
    _known(source)
    form = fault_form(source, request.POST)
    if not form.is_valid():
        return await _page(request, who, 422, judged={source: form})
    rule = form.rule()
    begin = partial(set_fault, source, rule, form.seconds(), by=str(who))
    if (refusal := await _refusal(request, who, begin)) is not None:
        return refusal
    log.warning(
        "fault.switched_on",
        member_id=who.member_id,
        source=source,
        delay_seconds=rule.delay_seconds,
        delay_percent=rule.delay_percent,
        abort_percent=rule.abort_percent,
        seconds=form.seconds(),
    )
    return _done(request, f"The fault of {source} begins in all gateways within 1 s.")


@staff_only("POST")
async def fault_off(request: HttpRequest, who: Who, source: str) -> HttpResponse:
    """End the fault of ``source``."""
    _known(source)
    end = partial(set_fault, source, None, 0, by=str(who))
    if (refusal := await _refusal(request, who, end)) is not None:
        return refusal
    log.warning("fault.switched_off", member_id=who.member_id, source=source)
    return _done(request, f"The fault of {source} ends in all gateways within 1 s.")


@staff_only("POST")
async def purge_source(request: HttpRequest, who: Who, source: str) -> HttpResponse:
    """Make all gateways forget what they keep of ``source``."""
    _known(source)
    # To look first takes a tenth of a second where Redis is gone.
    if not (await others(runtime().redis)).redis_answers:
        return await _page(request, who, 503, error=NO_REDIS)
    try:
        await asyncio.to_thread(purge, settings.REDIS_URL, source)
    except RedisError:
        return await _page(request, who, 503, error=UNSURE)
    log.warning("source.purged", member_id=who.member_id, source=source)
    return _done(request, f"All gateways ask {source} anew within 1 s.")


def _known(source: str) -> None:
    if source not in SOURCES:
        raise Http404("There is no such source.")


async def _refusal(
    request: HttpRequest, who: Who, change: Callable[[], None]
) -> HttpResponse | None:
    """Make the change; return the page that says why it is not made, if it is not."""
    try:
        await sync_to_async(change)()
    except DatabaseDown:
        return await _page(request, who, 503, error=NO_POSTGRES)
    return None


def _done(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse("ops"), headers={"Cache-Control": "no-store"})


async def _page(
    request: HttpRequest,
    who: Who,
    status: int = 200,
    *,
    error: str = "",
    judged: dict[str, FaultForm] | None = None,
) -> HttpResponse:
    if who.postgres_answers:
        # So that it shows what was switched a moment ago, here or by another gateway.
        await runtime().switches.look()
    scene = await _scene(request, who)
    shown = {**present(scene), **present_forms(scene, judged or {})}
    context = {"signed_in": True, "error": error, **shown}
    html = render_to_string("ops/board.html", context, request)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})


async def _scene(request: HttpRequest, who: Who) -> Scene:
    ours = runtime()
    wanted = request.GET.get("gateway", "")[:MOST_ID]
    company, history = await asyncio.gather(others(ours.redis), _history(ours, who))
    mine = portrait(ours)
    shown = next((each for each in company.portraits if each.id == wanted), mine)
    return Scene(
        mine=mine,
        # What another one has told is a second or two old; of ourselves we know better.
        shown=mine if shown.id == mine.id else shown,
        company=company,
        switches=ours.switches,
        history=history,
        asked_for_another=wanted not in ("", mine.id),
        postgres_answers=who.postgres_answers,
    )


async def _history(ours: Runtime, who: Who) -> list[dict[str, Any]] | None:
    """Return the latest changes, newest first; None where nobody can tell."""
    if not who.postgres_answers:
        return None
    try:
        deadline = Deadline.after(HISTORY_SECONDS)
        rows = await ours.beside.rows("switches", _HISTORY, None, deadline)
    except SourceError:
        return None
    names = ("at", "by", "name", "before", "after", "why")
    now = time.time()
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**each, "at": clock(each["at"], now)} for each in found]
