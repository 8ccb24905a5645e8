"""Pages for what went wrong: a status, one sentence, and no trace of our code."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request makes no sense."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not allowed."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing lives here."""
    return _page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """500: our own fault."""
    return _page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not ours, or too old."""
    return _page(request, 403, csrf=True)


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    # Rendered without the request: whatever is wrong with it must not go wrong here again.
    facts = getattr(request, "facts", None)
    context["request_id"] = facts.request_id if facts else ""
    html = render_to_string(f"{status}.html", context)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
