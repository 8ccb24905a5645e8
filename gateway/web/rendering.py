"""Rendered once: a page that is made of the same values comes out the same, so it is kept.

This is no cache of replies: every source is asked as its own limits say. Only when all of them say
what they said before, the template need not be gone through again.
"""

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from cachetools import LRUCache
from django.template.loader import render_to_string

from gateway.aggregation.compose import Composition, Outcome
from gateway.aggregation.source import Reply, State

PAGES = 64
Present = Callable[[Composition], Mapping[str, Any]]

_kept: LRUCache[Hashable, str] = LRUCache(PAGES)


def rendered(template: str, present: Present, page: Composition) -> str:
    """Return the HTML of ``template`` with what ``present`` makes of ``page``, for anybody.

    ``present`` must be a pure function of what the page is made of.
    """
    key = (template, present, made_of(page))
    try:
        html = _kept.get(key)
    except TypeError:
        # A payload that holds lists or mappings has no hash: such a page is rendered each time.
        return render_to_string(template, {"signed_in": False, **present(page)})
    if html is None:
        html = _kept[key] = render_to_string(template, {"signed_in": False, **present(page)})
    return html


def made_of(page: Composition) -> tuple[Hashable, ...]:
    """Return all that a presenter may look at: equal for pages that look alike."""
    return tuple((name, *_worth(outcome)) for name, outcome in page.outcomes.items())


def _worth(outcome: Outcome) -> tuple[Any, ...]:
    if not isinstance(outcome, Reply) or outcome.state is State.FALLBACK:
        return ("missing",)
    if outcome.state is State.STALE:
        return ("earlier", math.floor(outcome.age), outcome.value)
    return ("whole", outcome.value)
