"""Answers that every composed page gives in the same way."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.utils.http import parse_etags

from gateway.aggregation.compose import Composition, Failed, state_of
from gateway.aggregation.record import current_step, step
from gateway.web.facts import RequestFacts
from gateway.web.forgery import token_of
from gateway.web.insight.waterfall import present_waterfall
from gateway.web.provenance import cache_control, is_being_mended, kept_control, provenance
from gateway.web.ready import KEPT_SECONDS
from gateway.web.rendering import Present, rendered

_encode = msgspec.json.Encoder().encode


def respond(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    page: Composition,
    *,
    staff: bool = False,
) -> HttpResponse:
    """Return ``template`` rendered with plain values, and the headers that say where they are from.

    What a signed-in visitor sees is personal, and nobody's to keep; so is a page that tells
    ``staff`` how it was made.
    """
    signed_in, insight = is_signed_in(request), _insight(staff=staff)
    context = {"signed_in": signed_in, **context, **insight}
    with step("render", template):
        html = render_to_string(template, context, request)
    return _with_headers(HttpResponse(html), page, personal=signed_in or bool(insight))


def respond_once(
    request: HttpRequest,
    template: str,
    present: Present,
    page: Composition,
    *,
    staff: bool = False,
) -> HttpResponse:
    """Do as ``respond`` does, but render only what was not rendered before of the same values.

    A stranger's browser that has the same page already is told so: 304, without the page.
    """
    if staff or settings.DEBUG:
        return respond(request, template, present(page), page, staff=staff)
    signed_in = is_signed_in(request)
    with step("render", template):
        made = rendered(template, present, page, signed_in=signed_in)
    body = made.with_token(token_of(request) if made.has_forms else "")
    if signed_in or not page.complete:
        return _with_headers(HttpResponse(body), page, personal=signed_in)
    asked = request.META.get("HTTP_IF_NONE_MATCH")
    known = asked is not None and made.etag in parse_etags(asked)
    response = HttpResponseNotModified() if known else HttpResponse(body)
    response.headers["ETag"] = made.etag
    return _with_headers(response, page, personal=False)


def respond_json(request: HttpRequest, page: Composition) -> HttpResponse:
    """Return the composition itself as JSON."""
    document = {
        "complete": page.complete,
        "fragments": {name: _fragment(page, name) for name in page.outcomes},
    }
    response = HttpResponse(_encode(document), content_type="application/json")
    return _with_headers(response, page, personal=is_signed_in(request))


def unavailable(request: HttpRequest, page: Composition, facts: RequestFacts) -> HttpResponse:
    """Return the page for when a primary fragment failed: 503, and a word of when to come back."""
    if request.path.startswith("/api/"):
        return _later(respond_json(request, page))
    return _later(_with_headers(_sorry(facts), page, personal=True))


def cannot_now(request: HttpRequest, facts: RequestFacts) -> HttpResponse:
    """Return the page for when a view cannot do its work at the moment: 503, and when to return."""
    if request.path.startswith("/api/"):
        said = HttpResponse(b'{"error":"unavailable"}', content_type="application/json")
        return _later(said)
    return _later(_sorry(facts))


def _sorry(facts: RequestFacts) -> HttpResponse:
    return HttpResponse(render_to_string("503.html", {"request_id": facts.request_id}))


def _later(response: HttpResponse) -> HttpResponse:
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    response.headers["Cache-Control"] = "no-store"
    return response


def is_signed_in(request: HttpRequest) -> bool:
    """Whether the session claims to be a member's. It asks nobody."""
    return SESSION_KEY in request.session


def _insight(*, staff: bool) -> dict[str, Any]:
    """Return how the page was made, where whoever gets it may know: for its template, as a value.

    It is drawn where the template comes to it, and so tells what all before has taken.
    """
    if not (staff or settings.DEBUG) or (under_way := current_step()) is None:
        return {}
    return {"waterfall": partial(present_waterfall, under_way.record, for_staff=staff)}


def _fragment(page: Composition, name: str) -> dict[str, Any]:
    outcome = page.outcomes[name]
    if isinstance(outcome, Failed):
        return {"state": "failed", "age": None, "value": None, "reason": outcome.error.reason}
    said = {"state": state_of(outcome), "age": round(outcome.age, 3), "value": outcome.value}
    return said | {"reason": outcome.reason} if outcome.reason else said


def _with_headers(response: HttpResponse, page: Composition, *, personal: bool) -> HttpResponse:
    for name, value in provenance(page).items():
        response.headers[name] = value
    if not personal and page.complete:
        response.kept_control = kept_control(page, KEPT_SECONDS)  # type: ignore[attr-defined]
    elif not personal:
        response.is_being_mended = is_being_mended(page)  # type: ignore[attr-defined]
    response.headers["Cache-Control"] = cache_control(page, personal=personal)
    response.headers["Vary"] = "Cookie"
    return response
