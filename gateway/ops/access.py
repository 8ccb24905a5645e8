"""Who may come in here: staff, and nobody else."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseDown
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse

from gateway.web.facts import facts_of
from gateway.web.pages import cannot_now

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
                return cannot_now(request, facts_of(request))
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
