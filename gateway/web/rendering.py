"""Rendered once: a page that is made of the same values comes out the same, so it is kept.

This is no cache of replies: every source is asked as its own limits say. Only when all of them say
what they said before, the template need not be gone through again.
"""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from cachetools import LRUCache
from django.template.loader import render_to_string

from gateway.aggregation.compose import Composition, Outcome
from gateway.aggregation.source import Reply, State

PAGES = 64
Present = Callable[[Composition], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as it is sent, and the tag by which a browser asks whether it has changed."""

    body: bytes
    etag: str


_kept: LRUCache[Hashable, Rendered] = LRUCache(PAGES)


def rendered(template: str, present: Present, page: Composition) -> Rendered:
    """Return ``template`` with what ``present`` makes of ``page``, for anybody.

    ``present`` must be a pure function of what the page is made of.
    """
    key = (template, present, made_of(page))
    try:
        made = _kept.get(key)
    except TypeError:
        # A payload that holds lists or mappings has no hash: such a page is rendered each time.
        return _render(template, present(page))
    if made is None:
        made = _kept[key] = _render(template, present(page))
    return made


def _render(template: str, context: Mapping[str, Any]) -> Rendered:
    body = render_to_string(template, {"signed_in": False, **context}).encode()
    return Rendered(body, f'"{blake2b(body, digest_size=16).hexdigest()}"')


def made_of(page: Composition) -> tuple[Hashable, ...]:
    """Return all that a presenter may look at: equal for pages that look alike."""
    return tuple((name, *_worth(outcome)) for name, outcome in page.outcomes.items())


def _worth(outcome: Outcome) -> tuple[Any, ...]:
    if not isinstance(outcome, Reply) or outcome.state is State.FALLBACK:
        return ("missing",)
    if outcome.state is State.STALE:
        return ("earlier", math.floor(outcome.age), outcome.value)
    return ("whole", outcome.value)
