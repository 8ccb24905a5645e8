"""Answers that every composed page gives in the same way."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from gateway.aggregation.compose import Composition, Failed, state_of
from gateway.web.facts import RequestFacts
from gateway.web.forgery import token_of
from gateway.web.provenance import cache_control, provenance, true_for
from gateway.web.rendering import Present, rendered

_encode = msgspec.json.Encoder().encode


def respond(
    request: HttpRequest, template: str, context: Mapping[str, Any], page: Composition
) -> HttpResponse:
    """Return ``template`` rendered with plain values, and the headers that say where they are from.

    What a signed-in visitor sees is personal, and nobody's to keep.
    """
    signed_in = is_signed_in(request)
    html = render_to_string(template, {"signed_in": signed_in, **context}, request)
    return _with_headers(HttpResponse(html), page, personal=signed_in)


def respond_once(
    request: HttpRequest, template: str, present: Present, page: Composition
) -> HttpResponse:
    """Do as ``respond`` does, but render only what was not rendered before of the same values.

    A stranger's browser that has the same page already is told so: 304, without the page.
    """
    signed_in = is_signed_in(request)
    made = rendered(template, present, page, signed_in=signed_in)
    body = made.with_token(token_of(request) if made.has_forms else "")
    if signed_in or not page.complete:
        return _with_headers(HttpResponse(body), page, personal=signed_in)
    known = made.etag in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
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


def _fragment(page: Composition, name: str) -> dict[str, Any]:
    outcome = page.outcomes[name]
    if isinstance(outcome, Failed):
        return {"state": "failed", "age": None, "value": None, "reason": outcome.error.reason}
    said = {"state": state_of(outcome), "age": round(outcome.age, 3), "value": outcome.value}
    return said | {"reason": outcome.reason} if outcome.reason else said


def _with_headers(response: HttpResponse, page: Composition, *, personal: bool) -> HttpResponse:
    for name, value in provenance(page).items():
        response.headers[name] = value
    response.true_for = true_for(page)  # type: ignore[attr-defined]
    response.headers["Cache-Control"] = cache_control(page, personal=personal)
    patch_vary_headers(response, ["Cookie"])
    return response
