"""The bits of a page that comes bit by bit: its head, its late parts, its foot.

Every one is made of the template and the values that the whole page is made of, so that all of them
together are that page. What is made of the same values is rendered once, as whole pages are.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from cachetools import LRUCache
from django.http import HttpRequest
from django.template.loader import render_to_string

from gateway.aggregation.compose import Composition
from gateway.aggregation.stream import Progress
from gateway.web.forgery import token_of
from gateway.web.layout import Layout, Part
from gateway.web.pages import is_signed_in
from gateway.web.rendering import HOLE, made_of
from gateway.web.templatetags.pieces import Pieces

CUT = "<!-- what comes late stands here -->"
END = "<!-- what became of all stands here -->"
BITS = 256

_kept: LRUCache[Hashable, Any] = LRUCache(BITS)


class Bits:
    """What is sent of the page ``layout`` to whoever sent ``request``."""

    def __init__(self, request: HttpRequest, layout: Layout) -> None:
        self._layout = layout
        self._signed_in = is_signed_in(request)
        # One for all bits, and now: the cookie that goes with it is among the headers.
        self._token = token_of(request) if self._signed_in else ""

    def head(self, first: Progress) -> str:
        """Return all that is there, down to where late parts come."""
        waiting = self._layout.waiting(first.pending)
        pieces = Pieces(frozenset(part.name for part in waiting), cut=CUT)
        return self._once("head", first.page, lambda: self._page(first.page, pieces, 0))

    def part(self, part: Part, page: Composition) -> str:
        """Return a part by itself: as it should be, or its placeholder while it cannot be shown."""

        def render() -> str:
            values = part.pick(self._context(page))
            return render_to_string(part.template, dict(values))

        said = {name: page.outcomes[name] for name in part.needs if name in page.outcomes}
        return self._once(part, replace(page, outcomes=said), render)

    def foot(self, page: Composition, ending: str) -> str:
        """Return what comes behind the late parts, with ``ending`` at its end."""
        pieces = Pieces(frame=True, cut=CUT, ending=END)
        foot = self._once("foot", page, lambda: self._page(page, pieces, -1))
        return foot.replace(END, ending)

    def _page(self, page: Composition, pieces: Pieces, half: int) -> str:
        context = {**self._context(page), "pieces": pieces}
        return render_to_string(self._layout.template, context).split(CUT)[half]

    def _context(self, page: Composition) -> dict[str, Any]:
        values = self._layout.present(self._layout.read(page))
        return {"signed_in": self._signed_in, "csrf_token": HOLE, **values}

    def _once(self, what: Hashable, page: Composition, render: Callable[[], str]) -> str:
        """Return what ``render`` returns for a page of such values, from memory if it can be."""
        return self._remembered(what, page, render).replace(HOLE, self._token)

    def _remembered(self, what: Hashable, page: Composition, render: Callable[[], str]) -> str:
        if not self._layout.shared:
            return render()
        key = (self._layout, what, self._signed_in, made_of(page))
        try:
            made: str | None = _kept.get(key)
        except TypeError:  # values that hold lists or mappings have no hash
            return render()
        if made is None:
            made = _kept[key] = render()
        return made
