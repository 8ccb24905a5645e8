"""Django's check that every fallback is itself what its source may say.

A fallback is what a page shows where a source fails: one that breaks the contract would be found
out at the worst moment.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

import msgspec
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from gateway.sources.declaration import Declaration

_OURS = "gateway."


def declarations() -> tuple[Declaration, ...]:
    """Return every source that our modules declare, once each, by name."""
    # Whatever a page can ask is imported with the addresses of the pages.
    import_module(settings.ROOT_URLCONF)
    found: dict[int, Declaration] = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith(_OURS):
            ours = (each for each in vars(module).values() if isinstance(each, Declaration))
            found |= {id(each): each for each in ours}
    return tuple(sorted(found.values(), key=lambda each: each.name))


def complaint(declared: Declaration) -> str:
    """Return why a fallback does not fulfil its own source's type; nothing where it does."""
    if declared.fallback is msgspec.UNSET:
        return ""
    try:
        msgspec.json.decode(msgspec.json.encode(declared.fallback), type=declared.payload)
    except (msgspec.ValidationError, TypeError) as error:
        return f"The fallback of the source {declared.name!r} is not what it may say: {error}"
    return ""


def complaints() -> list[str]:
    """Return a sentence for each fallback that breaks its contract."""
    return [said for declared in declarations() if (said := complaint(declared))]


def fallbacks_fulfil_their_types(
    app_configs: Sequence[AppConfig] | None = None, **_: Any
) -> Iterable[CheckMessage]:
    """Return an error for each fallback that breaks its contract: it names source and field."""
    hint = "Correct fallback= in the source's declaration."
    return [Error(said, hint=hint, id="contracts.E001") for said in complaints()]
