"""The one place where errors of HTTP libraries become ours.

Libraries name some things wrongly (a refused connection as one that took too long) and let some
errors of their own through, so the whole chain of causes is looked at, and its innermost truth
counts. docs/decisions/0002-http-transport.md has the table of what each raises for what.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from gateway.aggregation.errors import (
    BadProtocol,
    SourceBusy,
    SourceDisconnected,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
    SourceUnresolved,
)

LIBRARIES = frozenset({"httpx", "httpcore", "aiohttp", "pyreqwest"})
"""Whose exceptions are judged here. Any other is a fault of our own code and passes through."""


@contextmanager
def translated(source: str) -> Iterator[None]:
    """Raise a ``SourceError`` for whatever an HTTP library raises; the cause is kept.

    What the library says is not repeated: it may quote what the upstream sent.
    """
    try:
        yield
    except Exception as exc:
        if type(exc).__module__.partition(".")[0] not in LIBRARIES:
            raise
        raise _kind(exc)(source, type(exc).__name__) from exc


def _kind(error: Exception) -> type[SourceError]:
    """Return what ``error`` truly means."""
    for cause in _causes(error):
        if (kind := _by_cause(cause)) is not None:
            return kind
    return _BY_CLASS.get(type(error), BadProtocol)


def _by_cause(cause: BaseException) -> type[SourceError] | None:
    """Return what a cause proves; None where it proves nothing."""
    if isinstance(cause, socket.gaierror):
        return SourceUnresolved
    if isinstance(cause, OSError) and cause.errno in _BY_NUMBER:
        return _BY_NUMBER[cause.errno]
    if isinstance(cause, ssl.SSLError):
        return SourceUnreachable
    # aiohttp's are known by name, so that a gateway on another transport need not load it.
    return _BY_NAME.get(type(cause).__name__)


_BY_NUMBER: dict[int | None, type[SourceError]] = {
    errno.ECONNREFUSED: SourceRefused,
    errno.ECONNRESET: SourceDisconnected,
    errno.EPIPE: SourceDisconnected,
    errno.ENETUNREACH: SourceUnreachable,
    errno.EHOSTUNREACH: SourceUnreachable,
}
_BY_NAME: dict[str, type[SourceError]] = {
    "ServerDisconnectedError": SourceDisconnected,
    "ClientPayloadError": SourceDisconnected,
    "ConnectionTimeoutError": SourceUnreachable,
    "SocketTimeoutError": SourceTimeout,
}
_BY_CLASS: dict[type[Exception], type[SourceError]] = {
    httpx.ConnectTimeout: SourceUnreachable,
    httpx.ConnectError: SourceUnreachable,
    httpx.ReadTimeout: SourceTimeout,
    httpx.WriteTimeout: SourceTimeout,
    httpx.PoolTimeout: SourceBusy,
    httpx.ReadError: SourceDisconnected,
    httpx.WriteError: SourceDisconnected,
    httpx.CloseError: SourceDisconnected,
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what led to it; httpx hides some of that with ``raise … from None``."""
    current: BaseException | None = error
    for _ in range(20):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
