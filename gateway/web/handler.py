"""The way into Django, without a thread where none is needed.

Django's own handler starts threads for every request, for the sake of synchronous code that may
follow: a thread-sensitive context, the receivers of ``request_started``, the closing of the
response. That is most of what an async view costs. A view that promises to do no synchronous I/O
(``@native``) goes without them; every other one is handled as Django does it.
"""

import asyncio
import time
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.urls import Resolver404, resolve, set_script_prefix

from gateway.telemetry.listeners import listeners
from gateway.web import signals
from gateway.web.admission import Door, admission
from gateway.web.facts import ARRIVED

View = TypeVar("View", bound=Callable[..., Any])

KNOWN_PATHS = 1024
KNOWN_PATH_LENGTH = 256
"""Of so many paths, none of them longer, it is remembered which way they go: to look it up takes
as long as all else of a refusal."""


class Way(Enum):
    """The ways into Django."""

    DJANGO = "Django's own"
    NATIVE = "the short one"
    DOOR = "the short one, through the door"


def native(view: View) -> View:
    """Mark an async view that never does synchronous I/O: no ORM, no file, no blocking call.

    It stands behind the door of ``admission``, unless it is ``always_admitted`` too.
    """
    if not asyncio.iscoroutinefunction(view):
        raise TypeError(f"{view.__qualname__} is not async, so it cannot be native.")
    view.native = True  # type: ignore[attr-defined]
    return view


def always_admitted(view: View) -> View:
    """Mark a native view that must answer under any load: health, above all."""
    view.always_admitted = True  # type: ignore[attr-defined]
    return view


class Handler(ASGIHandler):
    """Django's handler, with a shorter way for native views. ``door`` is what most stand behind."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door(settings.PAGE_BUDGET_SECONDS, listeners())
        self._handle_admitted = admission(self._handle_native, self.door)
        self._known_way = lru_cache(KNOWN_PATHS)(_way_of)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        way = self.way_of(scope["path"]) if scope["type"] == "http" else Way.DJANGO
        if way is Way.DJANGO:
            await super().__call__(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD"):  # elsewhere a body may have been long on its way
            scope.setdefault(ARRIVED, time.monotonic())
        if way is Way.NATIVE:
            await self._handle_native(scope, receive, send)
        else:
            await self._handle_admitted(scope, receive, send)

    def way_of(self, path: str) -> Way:
        """Return which way requests for ``path`` go."""
        return self._known_way(path) if len(path) <= KNOWN_PATH_LENGTH else _way_of(path)

    async def _handle_native(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            await signals.begins(type(self), scope)
            request, refusal = self.create_request(scope, body)
            if refusal is not None:
                await self.send_response(refusal, send)
                await signals.close(refusal)
                return
            await self._answer(request, receive, send)

    async def _answer(self, request: Any, receive: Any, send: Any) -> None:
        """Run the view until it is done or its visitor is gone, whichever comes first."""
        answering = asyncio.create_task(self._respond(request, send))
        listening = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, listening):
                task.cancel()
            gone = await asyncio.gather(answering, listening, return_exceptions=True)
        for outcome in gone:
            if isinstance(outcome, Exception) and not isinstance(outcome, RequestAborted):
                raise outcome

    async def _respond(self, request: Any, send: Any) -> None:
        try:
            response = await self.run_get_response(request)
        except asyncio.CancelledError:
            await signals.is_given_up(type(self))
            raise
        try:
            await self.send_response(response, send)
        finally:
            await signals.close(response)


def _way_of(path: str) -> Way:
    try:
        view = resolve(path).func
    except Resolver404:
        return Way.DJANGO
    if not getattr(view, "native", False):
        return Way.DJANGO
    return Way.NATIVE if getattr(view, "always_admitted", False) else Way.DOOR
