"""Headers that are the same for every answer, added without a look at each of them.

``headers.setdefault`` checks name and value each time, and a page has eight of them that never
change: they are checked once, and kept as Django's mapping keeps them.
"""

from collections.abc import Mapping
from typing import Any

from django.http.response import ResponseHeaders

Stored = Mapping[str, tuple[str, str]]
"""By the name in small letters, the name and the value."""


def stored(headers: Mapping[str, str]) -> Stored:
    """Return ``headers`` as Django keeps them. Raises ``BadHeaderError`` where one cannot be."""
    kept: Any = ResponseHeaders(dict(headers))
    return dict(kept._store)


def add_missing(headers: ResponseHeaders, constant: Stored) -> None:
    """Add those of ``constant`` that ``headers`` does not have."""
    mapping: Any = headers
    for name, pair in constant.items():
        mapping._store.setdefault(name, pair)
