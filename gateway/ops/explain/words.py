"""Saying it in words: values that stand in, and what a visitor sees when a source dies."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from gateway.aggregation.layers import Layer
from gateway.ops.explain.model import Kept

_SHORT = 60


def formula(layers: Sequence[Layer]) -> str:
    """Return a stack as it is written: ``observe( timeout( source ))``."""
    names = "".join(f"{each.name}( " for each in layers)
    return f"{names}source {')' * len(layers)}".rstrip()


def if_it_dies(layers: Sequence[Layer], kept: Kept | None, primary: bool) -> str:
    """Return what the visitor sees while the source gives nothing."""
    last = _last_resort(layers, primary)
    if any(each.name == "switched_off" for each in layers):
        return f"{last}, now already: it is switched off"
    if kept is None or kept.stale.seconds <= 0:
        return last
    return (
        f"what was kept of it, marked stale, for up to {kept.stale.seconds:g} s past its "
        f"freshness (or as long as the source allows); then {last}"
    )


def _last_resort(layers: Sequence[Layer], primary: bool) -> str:
    for each in layers:
        if each.name == "fallback":
            return f"the stand-in: {in_words(each.made_of['value'])}"
    if primary:
        return "503: the page cannot be shown without it"
    return "a gap: the page says that it is missing"


def in_words(value: Any) -> str:
    """Return a value as somebody would say it: None is nothing, () an empty list."""
    return _words(msgspec.to_builtins(value, str_keys=True, builtin_types=(date,)))


def _words(plain: Any) -> str:
    if plain is None:
        return "nothing"
    if isinstance(plain, str | date):
        return "an empty text" if plain == "" else f"{str(plain)[:_SHORT]!r}"
    if isinstance(plain, Mapping):
        inner = ", ".join(f"{name} {_words(each)}" for name, each in plain.items())
        return inner or "an empty record"
    if isinstance(plain, Sequence):
        return f"a list of {len(plain)}" if plain else "an empty list"
    return str(plain)
