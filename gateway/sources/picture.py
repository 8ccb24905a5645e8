"""Sources that are a picture on an HTTP service: few bytes, and judged by what they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import httpx
from msgspec import Meta, Struct

from gateway.aggregation.errors import BadPayload, SourceRejected
from gateway.aggregation.source import UNCHANGED, Call, Reply, Source
from gateway.sources.asking import fields_of, judge_status, over_httpx, unpacked
from gateway.sources.declaration import Declaration
from gateway.sources.direct.reply import Address, HeardReply, Wanted
from gateway.sources.direct.transport import DirectTransport
from gateway.sources.terms import terms

MOST_BYTES = 524_288
KEPT_NEAR = 16
"""Pictures kept in this process: at their largest, 8 MB of them. Redis holds the others."""

_WEBP_AT = 8
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
TYPES = frozenset((*_STARTS.values(), "image/webp"))
ACCEPTED = ", ".join(sorted(TYPES))


class Image(Struct, frozen=True):
    """A picture: its media type, told by its own first bytes, and all of them."""

    media_type: str
    content: Annotated[bytes, Meta(max_length=MOST_BYTES)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture(Declaration):
    """A source that is a picture of an HTTP service; its ``payload`` is ``Image | None``.

    ``service`` names the setting that holds the service's address. ``path`` has the one argument
    that the source ``asks`` in braces; the argument must be letters and digits. ``query`` is sent
    as it stands. The service says with 404 that there is no such picture: that is an answer too,
    None, and kept as any other.
    """

    service: str
    path: str
    query: Mapping[str, str]


def picture_source(
    picture: Picture, address: str, transport: httpx.AsyncBaseTransport, most: int = MOST_BYTES
) -> Source:
    """Return the source that ``picture`` declares, at ``address``, asked through ``transport``.

    No redirect is followed, so that no reply can lead us to another host. What the service says of
    the format counts for nothing: the first bytes tell.
    """

    get = transport.get if isinstance(transport, DirectTransport) else over_httpx(transport)

    async def asked(call: Call) -> Reply:
        fields = fields_of(picture.name, call, ACCEPTED)
        wanted = Wanted(most, partial(_judge, picture.name, known=call.etag is not None))
        reply = await get(picture.name, _address(picture, address, call), fields, wanted)
        said = terms(reply.headers)
        if reply.status == httpx.codes.NOT_MODIFIED:
            return Reply(UNCHANGED, terms=said)
        if reply.status == httpx.codes.NOT_FOUND:
            return Reply(None, terms=said)
        return Reply(_image(picture.name, unpacked(picture.name, reply, most)), terms=said)

    return asked


def media_type(content: bytes) -> str | None:
    """Return what a picture is by its first bytes: PNG, JPEG, GIF or WebP; None for all else."""
    if content[:4] == b"RIFF" and content[_WEBP_AT : _WEBP_AT + 4] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS.items() if content.startswith(start)), None)


def _judge(source: str, reply: HeardReply, *, known: bool) -> None:
    if reply.status == httpx.codes.NOT_FOUND:
        return
    if not (known and reply.status == httpx.codes.NOT_MODIFIED):
        judge_status(source, reply)


def _address(picture: Picture, address: str, call: Call) -> Address:
    named = {name: str(call.args.get(name)) for name in picture.asks}
    if not all(value.isascii() and value.isalnum() for value in named.values()):
        raise SourceRejected(picture.name, "an argument that fits into no path")
    return Address(httpx.URL(address + picture.path.format(**named), params=picture.query))


def _image(source: str, content: bytes) -> Image:
    kind = media_type(content)
    if kind is None:
        raise BadPayload(source, "no picture")
    return Image(kind, content)
