"""Django's signals around a request, as native views send them.

Django calls the receivers of ``request_started`` and ``request_finished`` in threads, for they may
block. Its own ones only tidy up behind synchronous code, of which there is none in a native view.
So a thread is needed where somebody else listens, and only there.
"""

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.dispatch import Signal

logger = logging.getLogger(__name__)

_DJANGOS_OWN = frozenset(
    map(id, (close_caches, close_old_connections, reset_queries, reset_urlconf))
)


async def begins(sender: Any, scope: Any) -> None:
    """Tell whoever listens that a request begins."""
    if _is_heard(request_started):
        await request_started.asend(sender=sender, scope=scope)


async def is_given_up(sender: Any) -> None:
    """Tell whoever listens that a request is over, for which there is no response to close."""
    if _is_heard(request_finished):
        await request_finished.asend(sender=sender)


async def close(response: Any) -> None:
    """Close a response, which tells whoever listens that its request is over."""
    if _is_heard(request_finished):
        await sync_to_async(response.close)()
    else:
        _put_away(response)


def _put_away(response: Any) -> None:
    """Call what ``response.close()`` calls, but for the signal at its end."""
    closers, response._resource_closers = response._resource_closers, []
    for close in closers:
        try:
            close()
        except Exception:
            logger.exception("closing.failed")
    response.closed = True


def _is_heard(signal: Signal) -> bool:
    """Whether anybody else than Django listens."""
    return any(key[0] not in _DJANGOS_OWN for key, *_ in signal.receivers)
