"""Asking the same sources in the way that blocks, one connection and one query at a time.

It is here to be compared with the others, and no page is made with it. What a thread does cannot be
stopped from outside, so that it looks itself whether anybody still waits.
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import msgspec
from django.db import Error as DatabaseError
from django.db import connection, transaction

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import (
    BadPayload,
    BadProtocol,
    BadStatus,
    ReplyTooLarge,
    SourceCancelled,
    SourceTimeout,
    SourceUnreachable,
)
from gateway.sources.body import MAX_BYTES
from gateway.sources.foreign import translated
from gateway.sources.http import JSON, Endpoint
from gateway.sources.orm import Query
from gateway.sources.transports import CONNECT_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Asking:
    """What a source is asked, until when, what travels along, and who may say: stop."""

    args: Mapping[str, Any]
    deadline: Deadline
    baggage: Mapping[str, str]
    given_up: threading.Event


def blocking_transport() -> httpx.BaseTransport:
    """Return what a view of the old kind makes: for one visitor, and closed behind them.

    As everywhere here, httpx's client is left out: nothing keeps cookies or follows redirects.
    """
    return httpx.HTTPTransport(verify=_tls(), trust_env=False)


def ask_service(
    transport: httpx.BaseTransport,
    endpoint: Endpoint,
    address: str,
    asking: Asking,
) -> Any:
    """Return what the service at ``address`` replies. Raises ``SourceError``."""
    request = _request(endpoint, address, asking)
    with translated(endpoint.name):
        response = transport.handle_request(request)
        try:
            _judge(endpoint.name, response)
            body = _read(endpoint.name, response, asking)
        finally:
            response.close()
    try:
        return msgspec.json.decode(body, type=endpoint.payload)
    except (msgspec.DecodeError, RecursionError, ValueError) as exc:
        raise BadPayload(endpoint.name, type(exc).__name__) from exc


def _request(endpoint: Endpoint, address: str, asking: Asking) -> httpx.Request:
    query = {name: asking.args.get(name) for name in endpoint.asks}
    given = {name: str(value) for name, value in query.items() if value is not None}
    left = max(asking.deadline.remaining(), 0.001)
    # It bounds each read, never all of them: the deadline is looked at after every piece.
    timeouts = {"connect": min(left, CONNECT_TIMEOUT_SECONDS), "read": left, "write": left}
    return httpx.Request(
        "GET",
        address + endpoint.path,
        params=given,
        headers={"Accept": JSON, "Accept-Encoding": "identity", **asking.baggage},
        extensions={"timeout": {**timeouts, "pool": left}},
    )


def _judge(source: str, response: httpx.Response) -> None:
    if response.status_code != httpx.codes.OK:
        raise BadStatus(source, response.status_code)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise BadProtocol(source, "an encoding that was not asked for")


def ask_postgres(query: Query, asking: Asking) -> Any:
    """Return what Django's own connection says. Raises ``SourceError``."""
    given = {name: asking.args.get(name) for name in query.asks}
    question = query.select(given)
    if question is None:
        return query.shape((), given)
    milliseconds = max(1, int(asking.deadline.remaining() * 1000))
    with _database_errors(query.name), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [milliseconds])
        rows = list(question)
    try:
        return query.shape([msgspec.convert(row, query.row) for row in rows], given)
    except msgspec.ValidationError as exc:
        raise BadPayload(query.name, type(exc).__name__) from exc


def _read(source: str, response: httpx.Response, asking: Asking) -> bytes:
    body = bytearray()
    for chunk in response.stream:  # type: ignore[union-attr]  # a transport's, and it blocks
        body += chunk
        if len(body) > MAX_BYTES:
            raise ReplyTooLarge(source, f"more than {MAX_BYTES} bytes")
        if asking.given_up.is_set():
            raise SourceCancelled(source)
        if asking.deadline.expired:
            raise SourceTimeout(source)
    return bytes(body)


@contextmanager
def _database_errors(source: str) -> Iterator[None]:
    try:
        yield
    except DatabaseError as exc:
        if "statement timeout" in str(exc):
            raise SourceTimeout(source, "ended by Postgres") from exc
        raise SourceUnreachable(source, type(exc).__name__) from exc


@cache
def _tls() -> ssl.SSLContext:
    """Return the process's context for such clients: reading the certificates takes some 30 ms."""
    return httpx.create_ssl_context()
