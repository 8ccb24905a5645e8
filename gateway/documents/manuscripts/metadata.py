"""``Upload-Metadata``: what a client says of its file, in pairs of a key and base64."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.documents.manuscripts.refusal import Refusal

MOST_CHARACTERS = 8_000
MOST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """``raw`` as it was sent, to be sent back; the name and the type that it gives, or empty."""

    raw: str
    name: str
    type: str


def parse(raw: str) -> Metadata:
    """Return what ``raw`` says; refuse with 400 what it should not look like."""
    if len(raw) > MOST_CHARACTERS or raw.count(",") >= MOST_PAIRS:
        raise Refusal(400, f"Upload-Metadata may have {MOST_CHARACTERS} characters.")
    pairs: dict[str, bytes] = {}
    for pair in raw.split(",") if raw.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or not key.isprintable() or key in pairs:
            raise Refusal(400, "Every key of Upload-Metadata must be there once, in ASCII.")
        pairs[key] = _decoded(value)
    name = _text(pairs, "filename") or _text(pairs, "name")
    kind = _text(pairs, "filetype") or _text(pairs, "type")
    return Metadata(raw, name, kind)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Refusal(400, "Every value of Upload-Metadata must be in base64.") from exc


def _text(pairs: Mapping[str, bytes], key: str) -> str:
    try:
        return pairs.get(key, b"").decode()
    except UnicodeDecodeError as exc:
        raise Refusal(400, f"What Upload-Metadata says of {key} must be in UTF-8.") from exc
