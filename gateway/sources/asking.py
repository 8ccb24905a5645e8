"""What all sources over HTTP have in common: what they send, and how they judge what comes."""

from collections.abc import Awaitable, Callable, Mapping

import httpx

from gateway.aggregation.errors import BadProtocol, BadStatus, ReplyTooLarge, SourceTimeout
from gateway.aggregation.source import Call
from gateway.sources.body import Gunzip, read_body
from gateway.sources.direct.reply import Address, Headers, HeardReply, Wanted
from gateway.sources.foreign import translated
from gateway.sources.lifetime import seconds

TIME_LEFT_HEADER = "X-Envoy-Expected-Rq-Timeout-Ms"

Get = Callable[[str, Address, Mapping[str, str], Wanted], Awaitable[HeardReply]]
"""Asks an address on behalf of a source, with fields of the head, for a reply that is wanted."""


def fields_of(source: str, call: Call, accepted: str) -> dict[str, str]:
    """Return the fields that go with ``call``. Raises ``SourceTimeout`` where no time is left."""
    milliseconds = int(call.deadline.remaining() * 1000)
    if milliseconds < 1:
        # A service could take a zero for "no limit".
        raise SourceTimeout(source, "no time was left to ask")
    fields = {
        "Accept": accepted,
        # A reply that is not packed cannot be a bomb, and the way is short.
        "Accept-Encoding": "identity",
        **call.baggage,
        TIME_LEFT_HEADER: str(milliseconds),
    }
    if call.etag:
        fields["If-None-Match"] = call.etag
    return fields


def over_httpx(transport: httpx.AsyncBaseTransport) -> Get:
    """Return how to ask through any transport of httpx, without httpx's client."""

    async def get(
        source: str, address: Address, fields: Mapping[str, str], wanted: Wanted
    ) -> HeardReply:
        request = httpx.Request("GET", address.url, headers=fields)
        with translated(source):
            response = await transport.handle_async_request(request)
            try:
                headers = Headers((name.lower(), value) for name, value in response.headers.items())
                wanted.judge(HeardReply(response.status_code, headers, b""))
                body = await read_body(source, response, wanted.most_bytes)
                headers.pop("content-encoding", None)  # it is undone
            finally:
                await response.aclose()
        return HeardReply(response.status_code, headers, body)

    return get


def judge_status(source: str, reply: HeardReply) -> None:
    """Raise ``BadStatus`` unless the reply is a 200."""
    if reply.status != httpx.codes.OK:
        asked_to_wait = seconds(reply.headers.get("retry-after", ""))
        raise BadStatus(source, reply.status, asked_to_wait or None)


def unpacked(source: str, reply: HeardReply, most: int) -> bytes:
    """Return the body, unpacked. Raises ``ReplyTooLarge`` at the first byte beyond ``most``.

    We ask for no packing; gzip is understood all the same, because some servers never ask.
    """
    encoding = reply.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return reply.body
    if encoding != "gzip":
        raise BadProtocol(source, "an encoding that was not asked for")
    unpack = Gunzip(source)
    body = unpack(reply.body, most + 1)
    if len(body) > most:
        raise ReplyTooLarge(source, f"more than {most} bytes")
    if not unpack.whole:
        raise BadProtocol(source, "packed data that ends too early")
    return body
