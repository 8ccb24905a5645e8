"""The middleware of a native view: the hooks of ``settings.MIDDLEWARE``, in order, without shells.

Django wraps each middleware around the next one, and each again in what turns exceptions into
answers: twenty coroutines for ten hooks. Those that run on the loop (``inline.py``) are called here
one after another instead. What they see and do is the same: a hook that answers or fails ends the
way in, and everything outside of it still sees the answer.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, cast

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.core.handlers.exception import convert_exception_to_response, response_for_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from gateway.web.inline import OnTheLoop
from gateway.web.middleware import Native

Respond = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def chained(paths: Iterable[str], innermost: Respond) -> Respond | None:
    """Return the middleware named by ``paths`` around ``innermost``, which never raises.

    None where one of them is of another kind than ours: then there is no shorter way.
    """
    kinds = [import_string(path) for path in paths]
    if not all(isinstance(kind, type) and issubclass(kind, OnTheLoop | Native) for kind in kinds):
        return None
    respond = innermost
    for on_the_loop, run in groupby(reversed(kinds), lambda kind: issubclass(kind, OnTheLoop)):
        if on_the_loop:
            inside_out = [kind(respond) for kind in run]
            respond = Hooks(inside_out[::-1], respond)
        else:
            for kind in run:
                respond = cast(Respond, convert_exception_to_response(kind(respond)))
    return respond


class Hooks:
    """Runs the hooks of ``middleware``, outermost first, around ``respond``."""

    def __init__(self, middleware: Sequence[Any], respond: Respond) -> None:
        self._before = tuple(getattr(each, "process_request", None) for each in middleware)
        self._after = tuple(getattr(each, "process_response", None) for each in middleware)
        self._respond = respond
        markcoroutinefunction(cast(Any, self))

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer to ``request``, whatever a hook raises."""
        response, inside = await self._way_in(request)
        if response is None:
            response = await self._respond(request)
        for hook in reversed(self._after[:inside]):
            if hook is not None:
                try:
                    response = hook(request, response)
                except Exception as exc:  # noqa: BLE001 - answered as Django does
                    response = await _answer_to(request, exc)
        return cast(HttpResponseBase, response)

    async def _way_in(self, request: HttpRequest) -> tuple[HttpResponseBase | None, int]:
        """Return the answer of the hook that gave one, and how many are to see the answer."""
        for place, hook in enumerate(self._before):
            if hook is None:
                continue
            try:
                response = hook(request)
            except Exception as exc:  # noqa: BLE001 - answered as Django does
                return await _answer_to(request, exc), place
            if response is not None:
                return response, place + 1
        return None, len(self._before)


async def _answer_to(request: HttpRequest, error: Exception) -> HttpResponseBase:
    answer = sync_to_async(response_for_exception, thread_sensitive=False)
    return cast(HttpResponseBase, await answer(request, error))
