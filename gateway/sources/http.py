"""Sources that are an HTTP service: ask, read within bounds, judge at the door."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import httpx
import msgspec
from cachetools import LRUCache

from gateway.aggregation.errors import BadContentType, BadPayload, SourceRejected
from gateway.aggregation.record import note
from gateway.aggregation.source import UNCHANGED, Call, Reply, Source
from gateway.sources.asking import fields_of, judge_status, over_httpx, unpacked
from gateway.sources.body import MAX_BYTES
from gateway.sources.declaration import Declaration
from gateway.sources.direct.reply import Address, HeardReply, Wanted
from gateway.sources.direct.transport import DirectTransport
from gateway.sources.terms import terms
from gateway.sources.watching import Watch, nothing_watched

JSON = "application/json"
ADDRESSES = 1_000
"""How many addresses of a source are kept ready."""

KNOWN_BODIES = 16
KNOWN_BODY_BYTES = 32_768
"""Of a source's bodies, so many of at most this size are remembered with what they say."""

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
    decode = _decoding(endpoint.name, endpoint.payload)
    base = httpx.URL(address + endpoint.path)
    # To put an address together costs more than to send it, and most are asked again and again.
    address_of = lru_cache(maxsize=ADDRESSES)(partial(_address, base))
    get = transport.get if isinstance(transport, DirectTransport) else over_httpx(transport)

    new = Wanted(MAX_BYTES, partial(_judge, endpoint.name, known=False))
    known = Wanted(MAX_BYTES, partial(_judge, endpoint.name, known=True))

    async def asked(call: Call) -> Reply:
        args = tuple((name, call.args.get(name)) for name in endpoint.asks)
        fields = fields_of(endpoint.name, call, JSON)
        try:
            where = address_of(args)
        except (httpx.InvalidURL, UnicodeEncodeError) as exc:
            raise SourceRejected(endpoint.name, "arguments that fit into no address") from exc
        reply = await get(endpoint.name, where, fields, known if call.etag else new)
        if reply.status == httpx.codes.NOT_MODIFIED:
            return Reply(UNCHANGED, terms=terms(reply.headers))
        body = unpacked(endpoint.name, reply, MAX_BYTES)
        value = decode(body)
        note("decoded")
        watch(body)
        return Reply(value, terms=terms(reply.headers))

    return asked


def _decoding(source: str, payload: Any) -> Callable[[bytes], Any]:
    """Return how to read a body as ``payload``: the same body is the same value, read once."""
    decode = msgspec.json.Decoder(payload).decode
    known: LRUCache[bytes, Any] = LRUCache(KNOWN_BODIES)

    def decoded(body: bytes) -> Any:
        if (value := known.get(body)) is not None:
            return value
        try:
            value = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as exc:
            raise BadPayload(source, _shortened(str(exc))) from exc
        if len(body) <= KNOWN_BODY_BYTES:
            known[body] = value
        return value

    return decoded


def _address(base: httpx.URL, args: Args) -> Address:
    query = {name: _text(value) for name, value in args if value is not None}
    return Address(base.copy_merge_params(query) if query else base)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _judge(source: str, reply: HeardReply, *, known: bool) -> None:
    """Raise unless the reply is one that can be read on: its status and its format are right.

    Only who named what is ``known`` may be told that nothing has changed.
    """
    if known and reply.status == httpx.codes.NOT_MODIFIED:
        return
    judge_status(source, reply)
    content_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise BadContentType(source, _shortened(content_type or "none"))


def _shortened(text: str) -> str:
    """Return what an upstream wrote, fit for a log line: short, and without control characters."""
    return "".join(char if char.isprintable() else "?" for char in text[:200])
