"""The way into Django, without a thread where none is needed.

Django's own handler starts threads for every request, for the sake of synchronous code that may
follow: a thread-sensitive context, the receivers of ``request_started``, the closing of the
response. That is most of what an async view costs. A view that promises to do no synchronous I/O
(``@native``) goes without them; every other one is handled as Django does it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.urls import Resolver404, resolve, set_script_prefix

from gateway.telemetry.listeners import listeners
from gateway.web.admission import admission

View = TypeVar("View", bound=Callable[..., Any])


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
    """Django's handler, with a shorter way for native views."""

    def __init__(self) -> None:
        super().__init__()
        self._handle_admitted = admission(self._handle_native, listeners())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        view = _view_at(scope["path"]) if scope["type"] == "http" else None
        if not getattr(view, "native", False):
            await super().__call__(scope, receive, send)
        elif getattr(view, "always_admitted", False):
            await self._handle_native(scope, receive, send)
        else:
            await self._handle_admitted(scope, receive, send)

    async def _handle_native(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            if refusal is not None:
                await self.send_response(refusal, send)
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
        response = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            response.close()


def _view_at(path: str) -> Any:
    try:
        return resolve(path).func
    except Resolver404:
        return None
