"""Starlette and httpx: one client for the life of the process, and Jinja's template."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

PROMO = os.environ["PROMO_URL"] + "/v1/promotions"
RECCO = os.environ["RECCO_URL"] + "/v1/recommendations"
templates = Jinja2Templates(directory=Path(__file__).with_name("templates"))


class State(TypedDict):
    """What lives as long as the process."""

    client: httpx.AsyncClient


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[State]:
    """Keep one client open."""
    async with httpx.AsyncClient() as client:
        yield {"client": client}


async def home(request: Request) -> Response:
    """Ask both at once, and render."""
    client = request.state.client
    promo, recco = await asyncio.gather(client.get(PROMO), client.get(RECCO))
    given: dict[str, Any] = {"promo": promo.json(), "books": recco.json()["items"]}
    return templates.TemplateResponse(request, "page.html", given)


application = Starlette(routes=[Route("/", home)], lifespan=lifespan)
