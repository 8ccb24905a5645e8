"""Sources that are an HTTP service: ask, read within bounds, judge at the door."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import httpx
import msgspec

from gateway.aggregation.errors import (
    BadContentType,
    BadPayload,
    BadStatus,
    SourceRejected,
    SourceTimeout,
)
from gateway.aggregation.record import note
from gateway.aggregation.source import UNCHANGED, Call, Reply, Source
from gateway.sources.body import read_body
from gateway.sources.declaration import Declaration
from gateway.sources.foreign import translated
from gateway.sources.lifetime import seconds
from gateway.sources.terms import terms
from gateway.sources.watching import Watch, nothing_watched

TIME_LEFT_HEADER = "X-Envoy-Expected-Rq-Timeout-Ms"
JSON = "application/json"
ADDRESSES = 1_000
"""How many addresses of a source are kept ready."""

Args = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint(Declaration):
    """A source that is one resource of an HTTP service.

    ``service`` names the setting that holds the service's address. What the source ``asks`` goes
    into the query string, under the same names; arguments that are None are left out.
    """

    service: str
    path: str


def http_source(
    endpoint: Endpoint,
    address: str,
    transport: httpx.AsyncBaseTransport,
    watch: Watch = nothing_watched,
) -> Source:
    """Return the source that ``endpoint`` declares, at ``address``, asked through ``transport``.

    The transport is called itself, without httpx's client: nothing keeps cookies, follows
    redirects or reads proxies from the environment. ``watch`` is told of each body that fulfils
    the declaration.
    """
    decode = msgspec.json.Decoder(endpoint.payload).decode
    base = httpx.URL(address + endpoint.path)
    # To put an address together costs more than to send it, and most are asked again and again.
    url_of = lru_cache(maxsize=ADDRESSES)(partial(_address, base))

    async def asked(call: Call) -> Reply:
        args = tuple((name, call.args.get(name)) for name in endpoint.asks)
        request = _request(endpoint, url_of, args, call)
        with translated(endpoint.name):
            response = await transport.handle_async_request(request)
            note("first-byte")
            try:
                if call.etag and response.status_code == httpx.codes.NOT_MODIFIED:
                    return Reply(UNCHANGED, terms=terms(response.headers))
                _judge(endpoint.name, response)
                body = await read_body(endpoint.name, response)
                note("body")
            finally:
                await response.aclose()
        try:
            value = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as exc:
            raise BadPayload(endpoint.name, _shortened(str(exc))) from exc
        note("decoded")
        watch(body)
        return Reply(value, terms=terms(response.headers))

    return asked


def _address(base: httpx.URL, args: Args) -> httpx.URL:
    query = {name: _text(value) for name, value in args if value is not None}
    return base.copy_merge_params(query) if query else base


def _request(
    endpoint: Endpoint, url_of: Callable[[Args], httpx.URL], args: Args, call: Call
) -> httpx.Request:
    """Return what is sent. Raises ``SourceRejected`` where the arguments fit into no address."""
    milliseconds = int(call.deadline.remaining() * 1000)
    if milliseconds < 1:
        # A service could take a zero for "no limit".
        raise SourceTimeout(endpoint.name, "no time was left to ask")
    try:
        address = url_of(args)
    except (httpx.InvalidURL, UnicodeEncodeError) as exc:
        raise SourceRejected(endpoint.name, "arguments that fit into no address") from exc
    headers = {
        "Accept": JSON,
        # A reply that is not packed cannot be a bomb, and the way is short.
        "Accept-Encoding": "identity",
        **call.baggage,
        TIME_LEFT_HEADER: str(milliseconds),
    }
    if call.etag:
        headers["If-None-Match"] = call.etag
    return httpx.Request("GET", address, headers=headers)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _judge(source: str, response: httpx.Response) -> None:
    """Raise unless the reply is one that can be read on: its status and its format are right."""
    if response.status_code != httpx.codes.OK:
        asked_to_wait = seconds(response.headers.get("Retry-After", ""))
        raise BadStatus(source, response.status_code, asked_to_wait or None)
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise BadContentType(source, _shortened(content_type or "none"))


def _shortened(text: str) -> str:
    """Return what an upstream wrote, fit for a log line: short, and without control characters."""
    return "".join(char if char.isprintable() else "?" for char in text[:200])
