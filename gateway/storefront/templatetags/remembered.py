"""Partials that are rendered once.

Rendering is most of what a page costs, and most of a page is the same for everybody: a book on a
shelf, a banner. Such a partial is given one frozen value and nothing else, so that what it comes
to can be kept.
"""

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def remembered(name: str, value: Hashable) -> SafeString:
    """Return the partial ``name``, rendered with ``it`` as ``value``; from memory if it can be.

    While developing, templates change under us and nothing is remembered.
    """
    return _render(name, value) if settings.DEBUG else _remember(name, value)


def _render(name: str, value: Hashable) -> SafeString:
    return render_to_string(name, {"it": value})


_remember = lru_cache(maxsize=1024)(_render)
