"""Our handler in the place of Django's, before any of Django's tests is imported.

What is adapted:

- Some tests give their address book to the class of their requests (``urlconf``), where only a
  request that exists can find it. Ours has to know its way before there is one, so it looks there
  for these tests' sake.
- Native views are asynchronous. The synchronous ones of ``asgi.urls`` are made so, but for the two
  that block on purpose, to see in which threads they do: these go Django's way in both runs. So
  does a view made by ``sync_to_async``: it blocks a thread, which no native view may.
- Ours listens for a visitor's leaving when an answer takes a while; most are there before anybody
  could have gone. Visitors of these tests leave at once, so it listens from the first moment.
- The handler of static files is made from Django's, as it is, and has ours inside.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import django.contrib.staticfiles.handlers
import django.core.asgi
import django.core.handlers.asgi
from asgiref.sync import SyncToAsync
from django.urls import set_urlconf
from django.urls.resolvers import URLPattern

from gateway.web import visit
from gateway.web.handler import Handler, Way, native

View = Callable[..., Any]

MADE_ASYNCHRONOUS = "asgi.urls"
BLOCKING = ("sync_waiter", "hello_with_delay")
ways_taken: set[Way] = set()


class OurHandler(Handler):
    """Ours, with an eye on the address book of these tests."""

    def way_of(self, path: str) -> Way:
        """Return which way requests for ``path`` go."""
        set_urlconf(getattr(self.request_class, "urlconf", None))
        try:
            way = super().way_of(path)
        finally:
            set_urlconf(None)
        ways_taken.add(way)
        return way


def take_djangos_place() -> None:
    """Let everybody who imports Django's handler get ours, but for who has it already."""
    assert django.contrib.staticfiles.handlers
    django.core.handlers.asgi.ASGIHandler = OurHandler  # type: ignore[misc]
    django.core.asgi.ASGIHandler = OurHandler  # type: ignore[misc, attr-defined]


def make_every_view_native() -> None:
    """Let every view that enters an address book from now on be native, if that can be."""
    enter = URLPattern.__init__

    @functools.wraps(enter)
    def enter_native(self: URLPattern, pattern: Any, callback: View, *more: Any) -> None:
        enter(self, pattern, _native(callback), *more)

    URLPattern.__init__ = enter_native  # type: ignore[method-assign]


def listen_from_the_first_moment() -> None:
    """Let native views notice a visitor's leaving as early as Django's handler does."""
    visit.QUEUED_SECONDS = visit.LISTEN_AFTER_SECONDS = 0.0


def _native(view: View) -> View:
    if isinstance(getattr(view, "__wrapped__", view), SyncToAsync):
        return view
    if asyncio.iscoroutinefunction(view):
        return native(view)
    ours = getattr(view, "__module__", "") == MADE_ASYNCHRONOUS
    if not ours or view.__name__ in BLOCKING:
        return view

    @functools.wraps(view)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return native(asynchronous)
