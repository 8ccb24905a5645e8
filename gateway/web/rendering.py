"""Rendered once: a page that is made of the same values comes out the same, so it is kept.

This is no cache of replies: every source is asked as its own limits say. Only when all of them say
what they said before, the template need not be gone through again.
"""

import math
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from cachetools import LRUCache
from django.template.loader import render_to_string

from gateway.aggregation.compose import Composition, Outcome
from gateway.aggregation.source import Reply, State

PAGES = 128
Present = Callable[[Composition], Mapping[str, Any]]

HOLE = secrets.token_hex(32)
"""What stands in a kept page where a visitor's own token belongs; nobody else can know it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as it is sent, in the parts between which a token belongs, if it has forms.

    The tag is what a browser asks by whether the page has changed.
    """

    parts: tuple[bytes, ...]
    etag: str

    @property
    def has_forms(self) -> bool:
        """Whether there is a place for a token."""
        return len(self.parts) > 1

    def with_token(self, token: str) -> bytes:
        """Return the page, with ``token`` wherever one belongs."""
        return token.encode().join(self.parts)


_kept: LRUCache[Hashable, Rendered] = LRUCache(PAGES)


def rendered(
    template: str, present: Present, page: Composition, *, signed_in: bool = False
) -> Rendered:
    """Return ``template`` with what ``present`` makes of ``page``.

    ``present`` must be a pure function of what the page is made of, and whose page it is, of that.
    """
    key = (template, present, signed_in, made_of(page))
    try:
        made = _kept.get(key)
    except TypeError:
        # A payload that holds lists or mappings has no hash: such a page is rendered each time.
        return _render(template, {"signed_in": signed_in, **present(page)})
    if made is None:
        made = _kept[key] = _render(template, {"signed_in": signed_in, **present(page)})
    return made


def _render(template: str, context: Mapping[str, Any]) -> Rendered:
    body = render_to_string(template, {"csrf_token": HOLE, **context}).encode()
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    return Rendered(tuple(body.split(HOLE.encode())), etag)


def made_of(page: Composition) -> tuple[Hashable, ...]:
    """Return all that a presenter may look at: equal for pages that look alike."""
    return tuple((name, *_worth(outcome)) for name, outcome in page.outcomes.items())


def _worth(outcome: Outcome) -> tuple[Any, ...]:
    if not isinstance(outcome, Reply) or outcome.state is State.FALLBACK:
        return ("missing",)
    if outcome.state is State.STALE:
        return ("earlier", math.floor(outcome.age), outcome.value)
    return ("whole", outcome.value)
