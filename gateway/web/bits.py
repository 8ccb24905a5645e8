"""The bits of a page that comes bit by bit: its head, its late parts, its foot.

Every one is made of the template and the values that the whole page is made of, so that all of them
together are that page. What strangers all see alike is rendered once, as whole pages are.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from cachetools import LRUCache
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from gateway.aggregation.compose import Composition
from gateway.aggregation.stream import Progress
from gateway.web.layout import Layout, Part
from gateway.web.pages import is_signed_in
from gateway.web.rendering import made_of
from gateway.web.templatetags.pieces import Pieces

CUT = "<!-- what comes late stands here -->"
END = "<!-- what became of all stands here -->"
BITS = 256

_kept: LRUCache[Hashable, Any] = LRUCache(BITS)


class Bits:
    """What is sent of the page ``layout`` to whoever sent ``request``."""

    def __init__(self, request: HttpRequest, layout: Layout) -> None:
        self._layout = layout
        self._given: dict[str, Any] = {"signed_in": is_signed_in(request)}
        self._request: HttpRequest | None = None
        if self._given["signed_in"]:
            self._request = request
            # One for all bits: the cookie that goes with it is among the headers.
            self._given["csrf_token"] = get_token(request)

    def head(self, first: Progress) -> str:
        """Return all that is there, down to where late parts come."""
        waiting = self._layout.waiting(first.pending)
        pieces = Pieces(frozenset(part.name for part in waiting), cut=CUT)
        return self._once("head", first.page, lambda: self._page(first.page, pieces, 0))

    def part(self, part: Part, page: Composition) -> str:
        """Return a part by itself: as it should be, or its placeholder while it cannot be shown."""

        def render() -> str:
            values = part.pick(self._context(page))
            return render_to_string(part.template, dict(values), self._request)

        said = {name: page.outcomes[name] for name in part.needs if name in page.outcomes}
        return self._once(part, replace(page, outcomes=said), render)

    def foot(self, page: Composition, ending: str) -> str:
        """Return what comes behind the late parts, with ``ending`` at its end."""
        pieces = Pieces(frame=True, cut=CUT, ending=END)
        foot = self._once("foot", page, lambda: self._page(page, pieces, -1))
        return foot.replace(END, ending)

    def _page(self, page: Composition, pieces: Pieces, half: int) -> str:
        context = {**self._context(page), "pieces": pieces}
        return render_to_string(self._layout.template, context, self._request).split(CUT)[half]

    def _context(self, page: Composition) -> dict[str, Any]:
        return {**self._given, **self._layout.present(self._layout.read(page))}

    def _once(self, what: Hashable, page: Composition, render: Callable[[], str]) -> str:
        """Return what ``render`` returns for a page of such values, to strangers from memory."""
        if self._request or not self._layout.shared:
            return render()
        key = (self._layout, what, made_of(page))
        try:
            made: str | None = _kept.get(key)
        except TypeError:  # values that hold lists or mappings have no hash
            return render()
        if made is None:
            made = _kept[key] = render()
        return made
