"""Django's middleware, run on the event loop.

Each of these classes would hop to a thread twice for every request, because Django cannot know
that its hooks do no I/O. Ours do none (the session lies in a cookie, the user is fetched only where
a view asks for it), so the hooks are called where they stand. That is four fifths of what the stack
of the default project costs an async view.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.functional import SimpleLazyObject, empty

NOT_MODIFIED = 304
ASKED_BY_ADDRESS = ("/livez", "/readyz", "/metrics")
"""Probes and Prometheus name the address of one replica; no answer here depends on the host."""

if TYPE_CHECKING:
    from django.utils.deprecation import MiddlewareMixin as _Base
else:
    _Base = object


class OnTheLoop(_Base):
    """Calls a middleware's hooks directly. Only for hooks that do no I/O."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do what ``MiddlewareMixin`` does, without its threads."""
        before: Any = getattr(self, "process_request", None)
        after: Any = getattr(self, "process_response", None)
        response = before(request) if before else None
        response = response or await self.get_response(request)  # type: ignore[misc]
        final: HttpResponseBase = after(request, response) if after else response
        return final


class Security(OnTheLoop, SecurityMiddleware):
    """HTTPS, HSTS, nosniff, referrer and opener policy."""


class Sessions(OnTheLoop, SessionMiddleware):
    """The session of the signed cookie."""


class Common(OnTheLoop, CommonMiddleware):
    """Host names, missing slashes, and paths that nothing can have."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Judge the address. Postgres takes no NUL, and some of Django's views would pass it on."""
        if "\0" in request.path:
            raise BadRequest("There is a NUL in the path.")
        if request.path in ASKED_BY_ADDRESS:
            return None
        return super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Say how long the answer is; of a 304 that would be a lie (RFC 9110, 8.6)."""
        final = super().process_response(request, response)
        if final.status_code == NOT_MODIFIED:
            del final.headers["Content-Length"]
        return final


class Csrf(OnTheLoop, CsrfViewMiddleware):
    """Forgery protection. Its look at the view is a coroutine too, or Django would hop for it."""

    async def process_view(  # type: ignore[override]
        self, request: HttpRequest, callback: Any, args: Any, kwargs: Any
    ) -> Any:
        """Judge the request's token."""
        return super().process_view(request, callback, args, kwargs)


class Authentication(OnTheLoop, AuthenticationMiddleware):
    """``request.user``, fetched when asked for. Views of composed pages never ask."""


class Messages(OnTheLoop, MessageMiddleware):
    """Messages of one page for the next, kept in the session. Few pages have any to say."""

    def process_request(self, request: HttpRequest) -> None:
        """Keep ready where messages lie, for who asks."""
        request._messages = SimpleLazyObject(partial(default_storage, request))  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Write down what was said, if anybody has asked where."""
        if request._messages._wrapped is empty:  # type: ignore[attr-defined]
            return response
        return super().process_response(request, response)
