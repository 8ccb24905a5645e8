"""The one place where errors of HTTP libraries become ours."""

import errno
import re
import socket
import sys
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

    Every exception is taken, because transports let through what they did not foresee: an error of
    the library below them, or a ``ValueError`` for a header that they cannot read.
    """
    # What is being handled already, say a first try that failed, is no cause of what fails next.
    earlier = sys.exception()
    try:
        yield
    except SourceError:
        raise
    except Exception as exc:
        raise _judged(source, exc, earlier) from exc


def _judged(source: str, error: Exception, earlier: BaseException | None) -> SourceError:
    """Name what happened: by what the innermost cause says, else by the outermost class.

    Transports name some things wrongly (a refused connection as one that took too long), so that
    their own class counts only where no cause knows better. The text of an error may repeat what
    the service sent, so that only the name of its class goes on.
    """
    for cause in reversed(tuple(_causes(error, earlier))):
        kind = _by_errno(cause) or _by_library(cause)
        if kind is not None:
            return kind(source, type(cause).__name__)
    kinds = (kind for foreign, kind in _KINDS.items() if isinstance(error, foreign))
    return next(kinds, SourceUnreachable)(source, type(error).__name__)


def _causes(error: BaseException, earlier: BaseException | None) -> Iterator[BaseException]:
    """Give the error and what led to it; of several attempts that failed, the first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and current is not earlier and id(current) not in seen:
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            current = current.exceptions[0]
        else:
            current = current.__cause__ or current.__context__


_DISCONNECTED = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)


def _by_errno(cause: BaseException) -> type[SourceError] | None:
    if isinstance(cause, socket.gaierror):
        return SourceUnresolved
    number = cause.errno if isinstance(cause, OSError) else _errno_in_words(cause)
    if number == errno.ECONNREFUSED:
        return SourceRefused
    return SourceDisconnected if number in _DISCONNECTED else None


def _errno_in_words(cause: BaseException) -> int | None:
    """Return the number that pyreqwest gives only in the text of its innermost cause."""
    found = re.search(r"\(os error (\d+)\)\Z", _words(cause))
    return int(found[1]) if found else None


def _by_library(cause: BaseException) -> type[SourceError] | None:
    """Judge by names and by fixed sentences: the libraries are imported where they are used."""
    kind = _NAMES.get(f"{type(cause).__module__}.{type(cause).__name__}")
    if kind is not None:
        return kind
    words = _words(cause)
    return next((kind for start, kind in _SENTENCES.items() if words.startswith(start)), None)


def _words(cause: BaseException) -> str:
    """Return what the error says of itself; for pyreqwest, its innermost cause.

    The outer ones repeat the address that was asked, and with it what a visitor wrote.
    """
    details = getattr(cause, "details", None)
    told = details.get("causes") if isinstance(details, dict) else None
    if told:
        return str(told[-1].get("message", ""))
    return str(cause) if isinstance(cause, httpx.RemoteProtocolError) else ""


_NAMES: dict[str, type[SourceError]] = {
    "aiohttp.client_exceptions.ConnectionTimeoutError": SourceUnreachable,
    "aiohttp.client_exceptions.SocketTimeoutError": SourceTimeout,
    "aiohttp.client_exceptions.ServerDisconnectedError": SourceDisconnected,
    "aiohttp.client_exceptions.ClientConnectionResetError": SourceDisconnected,
    "aiohttp.client_exceptions.ClientPayloadError": SourceDisconnected,
    "aiohttp.client_exceptions.ClientResponseError": BadProtocol,
    "gateway.sources.interim.TooManyInterim": BadProtocol,
}

_SENTENCES: dict[str, type[SourceError]] = {
    "failed to lookup address": SourceUnresolved,
    "Server disconnected without": SourceDisconnected,
    "peer closed connection without": SourceDisconnected,
    "connection closed before message completed": SourceDisconnected,
    "end of file before message length reached": SourceDisconnected,
    "unexpected EOF": SourceDisconnected,
}

# The first that fits counts, so that the particular stands before the general.
_KINDS: dict[type[Exception], type[SourceError]] = {
    httpx.PoolTimeout: SourceBusy,
    httpx.ConnectTimeout: SourceUnreachable,
    httpx.TimeoutException: SourceTimeout,
    httpx.ConnectError: SourceUnreachable,
    httpx.NetworkError: SourceDisconnected,
    httpx.RemoteProtocolError: BadProtocol,
    httpx.DecodingError: BadProtocol,
    TimeoutError: SourceTimeout,
    ValueError: BadProtocol,
}
