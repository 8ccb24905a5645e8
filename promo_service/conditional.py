"""Entity tags and If-None-Match (RFC 9110, 8.8.3 and 13.1.2). Plain code: no I/O."""

import hashlib
import re

_ENTITY_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


def etag_of(body: bytes) -> str:
    """The strong entity tag of a body: equal bytes, equal tag."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def none_match_fails(header: str | None, etag: str) -> bool:
    """Whether the caller already holds the body that ``etag`` names, so that 304 is the answer.

    ``header`` is the value of If-None-Match: ``*``, or a list of tags. They are compared weakly:
    a ``W/`` before a tag makes no difference. What is not an entity tag is passed over.
    """
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return etag in _ENTITY_TAG.findall(header)
