"""The one place where errors of HTTP libraries become ours."""

import errno
import socket
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


@contextmanager
def translated(source: str) -> Iterator[None]:
    """Raise a ``SourceError`` for whatever a transport raises; the cause is kept.

    Transports name some things wrongly (a refused connection as one that took too long), so the
    chain of causes is looked at before the class.
    """
    try:
        yield
    except httpx.HTTPError as exc:
        raise _judged(source, exc) from exc


def _judged(source: str, error: httpx.HTTPError) -> SourceError:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return SourceUnresolved(source, "its name has no address")
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return SourceRefused(source, "nobody listens there")
    return _KINDS.get(type(error), SourceUnreachable)(source, type(error).__name__)


_KINDS: dict[type[httpx.HTTPError], type[SourceError]] = {
    httpx.ConnectTimeout: SourceUnreachable,
    httpx.ReadTimeout: SourceTimeout,
    httpx.WriteTimeout: SourceTimeout,
    httpx.PoolTimeout: SourceBusy,
    httpx.ConnectError: SourceUnreachable,
    httpx.ReadError: SourceDisconnected,
    httpx.WriteError: SourceDisconnected,
    httpx.CloseError: SourceDisconnected,
    httpx.RemoteProtocolError: BadProtocol,
    httpx.DecodingError: BadProtocol,
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
