"""The way into Django, without a thread where none is needed.

Django's own handler starts threads for every request, for the sake of synchronous code that may
follow: a thread-sensitive context, the receivers of ``request_started``, the closing of the
response. That is most of what an async view costs. A view that promises to do no synchronous I/O
(``@native``) goes without them; every other one is handled as Django does it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from http.client import INTERNAL_SERVER_ERROR
from io import BytesIO
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.http import FileResponse
from django.urls import Resolver404, ResolverMatch, resolve, set_script_prefix
from django.utils.log import log_response

from gateway.telemetry.listeners import listeners
from gateway.web import signals
from gateway.web.admission import Door, admission
from gateway.web.chain import chained
from gateway.web.facts import ARRIVED, IS_THERE, arrival
from gateway.web.ready import Shelf, handed_out
from gateway.web.returning import Returning
from gateway.web.visit import answered

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


@dataclass(frozen=True, slots=True)
class _Known:
    """A path: which way requests for it go, and what Django's resolver says of it."""

    way: Way
    match: ResolverMatch | None = None


class Handler(ASGIHandler):
    """Django's handler, with a shorter way for native views. ``door`` is what most stand behind."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door(settings.PAGE_BUDGET_SECONDS, listeners())
        self._handle_admitted = admission(self._handle_native, self.door)
        self.shelf = Shelf()
        self.returning = Returning()
        self._remembered = lru_cache(KNOWN_PATHS)(_known)

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the middleware twice: Django's way, and without its shells for native views."""
        super().load_middleware(is_async)
        django: Any = self  # what is Django's own is in no stub
        view: Any = convert_exception_to_response(django._get_response_async)
        self._native_chain = chained(settings.MIDDLEWARE, view) or django._middleware_chain

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
        elif not await handed_out(self.shelf, scope, receive, send):
            await self._handle_admitted(scope, receive, send)

    def way_of(self, path: str) -> Way:
        """Return which way requests for ``path`` go."""
        return self._known(path).way

    def resolve_request(self, request: Any) -> Any:
        """Return the view of ``request``: from memory, where nothing in it is its own."""
        known = None if hasattr(request, "urlconf") else self._known(request.path_info).match
        if known is None or known.kwargs:
            return super().resolve_request(request)
        request.resolver_match = known
        return known

    def _known(self, path: str) -> _Known:
        return self._remembered(path) if len(path) <= KNOWN_PATH_LENGTH else _known(path)

    async def _handle_native(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self._body(receive)
        except RequestAborted:
            return
        with body:
            if prefix := get_script_prefix(scope):
                set_script_prefix(prefix)
            await signals.begins(type(self), scope)
            request, refusal = self.create_request(scope, body)
            if refusal is not None:
                await self.send_response(refusal, send)
                await signals.close(refusal)
                return
            respond = partial(self._respond, request, send)
            await answered(respond, receive, arrival(scope), scope.get(IS_THERE))

    async def _body(self, receive: Any) -> IO[bytes]:
        """Return the body; most have none, or one that comes in one small piece."""
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            return BytesIO(message.get("body", b""))
        come = [message]

        async def again() -> Any:
            return come.pop() if come else await receive()

        return await self.read_body(again)

    async def _respond(self, request: Any, send: Any) -> None:
        """Answer, and put away what the answer held open."""
        try:
            response: Any = await self._native_chain(request)
        except asyncio.CancelledError:
            await signals.is_given_up(type(self))
            raise
        response._handler_class = type(self)
        response._resource_closers.append(request.close)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.status_code >= INTERNAL_SERVER_ERROR:
            log_response("%s: %s", response.reason_phrase, request.path, response=response)
        self.shelf.offer(request.scope, response)
        self.returning.offer(request.scope, response)
        try:
            await self.send_response(response, send)
        finally:
            await signals.close(response)
            _part_with_visitor(request)

    async def send_response(self, response: Any, send: Any) -> None:
        """Send ``response``; a whole and small one in two messages."""
        if response.streaming or response.cookies or len(response.content) > self.chunk_size:
            await super().send_response(response, send)
            return
        headers = [(name.encode(), value.encode("latin1")) for name, value in response.items()]
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.content})


def _part_with_visitor(request: Any) -> None:
    """Forget who asked: The lazy user, the messages and the request hold each other.

    Apart, both are gone at once, and no page is left behind for the garbage collector to find.
    """
    for name in ("user", "auser", "_messages"):
        vars(request).pop(name, None)


def _known(path: str) -> _Known:
    try:
        match = resolve(path)
    except Resolver404:
        return _Known(Way.DJANGO)
    if not getattr(match.func, "native", False):
        return _Known(Way.DJANGO)
    always = getattr(match.func, "always_admitted", False)
    return _Known(Way.NATIVE if always else Way.DOOR, match)
