"""Who may come in here: staff, and nobody else."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseDown
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import reverse

from gateway.web.facts import facts_of

View = Callable[..., Coroutine[Any, Any, HttpResponse]]


def staff_only(*methods: str) -> Callable[[View], View]:
    """Let staff alone ask a view, by ``methods``; its second argument is their member id.

    Who asks is looked up in Postgres every time, off the event loop. Where Postgres does not
    answer nobody is staff: the answer is 503.
    """

    def around(view: View) -> View:
        @wraps(view)
        async def guarded(request: HttpRequest, **kwargs: object) -> HttpResponse:
            try:
                member: Any = await request.auser()
            except DatabaseDown:
                return _nobody_can_tell(request)
            if not member.is_authenticated:
                # Not back to where a form was sent to: only the page itself can be opened.
                return redirect_to_login(reverse("ops"))
            if not member.is_staff:
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return await view(request, member.pk, **kwargs)

        return guarded

    return around


def _nobody_can_tell(request: HttpRequest) -> HttpResponse:
    html = render_to_string("503.html", {"request_id": facts_of(request).request_id})
    return HttpResponse(html, status=503, headers={"Retry-After": "5"})
