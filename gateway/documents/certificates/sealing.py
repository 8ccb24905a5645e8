"""A certificate is its address: all that it says, signed, so that nothing of it can be made up."""

import base64
import secrets
import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.core import signing

SALT = "gateway.documents.certificates"
NUMBER_BYTES = 7


class Certificate(msgspec.Struct, frozen=True, array_like=True):
    """``cents`` are euro cents; ``issued`` is in seconds since 1970; ``nonce`` is its number."""

    nonce: bytes
    name: str
    cents: int
    message: str
    issued: int

    @property
    def number(self) -> str:
        """What a person reads out at the till: ``AB2C-D3EF-GH``."""
        letters = base64.b32encode(self.nonce).decode().rstrip("=")
        return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))

    @property
    def issued_at(self) -> datetime:
        """When it was made out, in UTC."""
        return datetime.fromtimestamp(self.issued, UTC)


class _Packing:
    """How the signed value is written down: without a name for each field, and UTF-8 as it is."""

    def dumps(self, obj: Any) -> bytes:
        return msgspec.json.encode(obj)

    def loads(self, data: bytes) -> Certificate:
        return msgspec.json.decode(data, type=Certificate)


def make_out(name: str, cents: int, message: str, now: datetime) -> Certificate:
    """Return a new certificate, with a number that no other has."""
    nonce = secrets.token_bytes(NUMBER_BYTES)
    return Certificate(nonce, name, cents, message, int(now.timestamp()))


def seal(certificate: Certificate) -> str:
    """Return the token that stands in the certificate's address: signed, compressed, URL-safe."""
    return signing.dumps(certificate, salt=SALT, serializer=_Packing, compress=True)


def unseal(token: str) -> Certificate | None:
    """Return the certificate of a token, or None if we never wrote that token."""
    try:
        found: Certificate = signing.loads(token, salt=SALT, serializer=_Packing)
    except (signing.BadSignature, msgspec.MsgspecError, zlib.error, ValueError):
        return None
    return found
