"""Blocking Django: one request after another, each holding a worker while it waits."""

import httpx

from tests.bench.pages.peers.project import PROMO, RECCO, context, set_up

set_up(__name__)

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django must be set up first
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402


def home(request: HttpRequest) -> HttpResponse:
    """Ask one, then the other, and render."""
    promo, recco = httpx.get(PROMO), httpx.get(RECCO)
    return render(request, "page.html", context(promo.json(), recco.json()))


urlpatterns = [path("", home)]
application = get_wsgi_application()
