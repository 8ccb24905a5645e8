"""Views of the wrapping table: a request begins a job, its page shows it, a stream tells of it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from gateway.giftwrap.desk import MOST_PER_VISITOR, TableFull, TooMany, begin
from gateway.giftwrap.models import Job
from gateway.giftwrap.plan import JOB
from gateway.giftwrap.presenters import present
from gateway.giftwrap.rules import DONE, RIBBONS, BadOrder, Order, order
from gateway.giftwrap.stream import Crowded, Stream, last_event
from gateway.giftwrap.watching import watch
from gateway.members.visitor import visitor_of
from gateway.runtime import runtime
from gateway.web.facts import call_from
from gateway.web.handler import always_admitted, native
from gateway.web.methods import safe_only
from gateway.web.pages import is_signed_in, respond
from gateway.web.threads import in_thread

RETRY_SECONDS = 5
_TOO_MANY = (
    f"You have {MOST_PER_VISITOR} parcels on the table already. As soon as one of them is wrapped, "
    "the next can begin."
)
_TABLE_FULL = "The wrapping table is full of other people’s parcels. Try again in a few seconds."


@safe_only
async def wrap(request: HttpRequest) -> HttpResponse:
    """Begin a job, or show the one that this visitor has for the same things.

    The address is opened by people, but also by browsers that guess, by previews and by other
    sites' pages: only a visit begins anything.
    """
    if not _is_a_visit(request):
        headers = {"Cache-Control": "no-store", "Vary": "Sec-Purpose, Purpose, Sec-Fetch-Mode"}
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)
    try:
        wanted = order(request.GET.getlist("items"), request.GET.get("ribbon", ""))
    except BadOrder as exc:
        return _refusal(request, HTTPStatus.BAD_REQUEST, str(exc))
    try:
        job = await _begun(request, wanted)
    except TooMany:
        return _refusal(request, HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY)
    except TableFull:
        return _refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, _TABLE_FULL)
    shown = {"signed_in": is_signed_in(request), **present(job, timezone.now())}
    html = render_to_string("giftwrap/job.html", shown, request)
    status = HTTPStatus.OK if job.stage >= DONE else HTTPStatus.ACCEPTED
    at = reverse("giftwrap-job", args=[job.pk])
    return HttpResponse(
        html, status=status, headers={"Cache-Control": "no-store", "Content-Location": at}
    )


@native
@safe_only
async def show(request: HttpRequest, job: UUID) -> HttpResponse:
    """The page of a job, for whoever has its address."""
    page = await runtime().compose(JOB, call_from(request, job=job))
    found = getattr(page.outcomes["wrapping"], "value", None)
    if found is None:
        raise Http404("There is no such parcel, or it was fetched long ago.")
    response = respond(request, "giftwrap/job.html", present(found, timezone.now()), page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


async def _events(request: HttpRequest, job: UUID) -> HttpResponseBase:
    """The job's progress as it happens. 204 tells a browser that there is no more to come."""
    try:
        stream = Stream(watch(), job)
    except Crowded:
        return _no_stream(HTTPStatus.TOO_MANY_REQUESTS)
    started = False
    try:
        looked, standing = await stream.standing()
        if not looked:
            return _no_stream(HTTPStatus.SERVICE_UNAVAILABLE)
        if standing is None:
            return _no_stream(HTTPStatus.NOT_FOUND)
        stream.after = last_event(request.headers.get("Last-Event-ID", ""))
        if stream.after >= DONE:
            return _no_stream(HTTPStatus.NO_CONTENT)
        if request.method == "HEAD":
            return HttpResponse(headers=_EVENT_HEADERS)
        response = StreamingHttpResponse(stream, headers=_EVENT_HEADERS)
        started = True
        return response
    finally:
        if not started:
            stream.close()


_EVENT_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    # nginx would keep events back until it has some kilobytes of them.
    "X-Accel-Buffering": "no",
}

# A stream stays for minutes: it must not take the place of a page at the door. It has bounds of
# its own.
events = native(always_admitted(safe_only(_events)))


async def _begun(request: HttpRequest, wanted: Order) -> Job:
    visitor = await visitor_of(request)
    newcomer = hasattr(request, "new_guest")
    return await in_thread(begin, wanted, visitor.key, newcomer=newcomer)


def _is_a_visit(request: HttpRequest) -> bool:
    """Whether somebody opens the page, as far as the request says (Fetch Metadata, 2)."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    if request.method == "HEAD" or any("pre" in purpose.lower() for purpose in purposes):
        return False
    foreign = request.headers.get("Sec-Fetch-Site", "none") in ("cross-site", "same-site")
    return not foreign or request.headers.get("Sec-Fetch-Mode") == "navigate"


def _refusal(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    shown: dict[str, Any] = {
        "signed_in": is_signed_in(request),
        "number": status.value,
        "sentence": sentence,
        "ribbons": RIBBONS,
    }
    html = render_to_string("giftwrap/refused.html", shown, request)
    response = HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
    if status is not HTTPStatus.BAD_REQUEST:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _no_stream(status: HTTPStatus) -> HttpResponse:
    response = HttpResponse(status=status, headers={"Cache-Control": "no-store"})
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
