"""The tutorial's view: asynchronous, with a client of its own for every request, and ``gather``."""

import asyncio

import httpx

from tests.bench.pages.peers.project import PROMO, RECCO, context, set_up

set_up(__name__)

from django.core.asgi import get_asgi_application  # noqa: E402 - Django must be set up first
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402


async def home(request: HttpRequest) -> HttpResponse:
    """Ask both at once, and render."""
    async with httpx.AsyncClient() as client:
        promo, recco = await asyncio.gather(client.get(PROMO), client.get(RECCO))
    return render(request, "page.html", context(promo.json(), recco.json()))


urlpatterns = [path("", home)]
application = get_asgi_application()
