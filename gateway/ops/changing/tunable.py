"""What may be changed while the gateways run; everything else needs a restart, and says so."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

import gateway.settings as declared
from gateway.ops.explain.origins import origin
from gateway.ops.explain.pages import PAGES
from gateway.sources.declaration import Declaration

STALE = "STALE_SECONDS"
HIDDEN = "not shown"
_SECRET = ("KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PASSWORD")


def _declarations() -> dict[str, Declaration]:
    fragments = (each for page in PAGES for plan in page.plans for each in plan.fragments)
    found = (each.source for each in fragments)
    return {each.name: each for each in found if isinstance(each, Declaration)}


DECLARATIONS = _declarations()
"""All sources of the shop by name."""

SETTINGS = tuple(
    sorted(
        {each.timeout for each in DECLARATIONS.values()}
        | {each.fresh for each in DECLARATIONS.values() if each.fresh is not None}
        | {STALE}
    )
)
"""The settings that may be changed, each a number of seconds."""


def sources_of(setting: str) -> tuple[str, ...]:
    """Return the names of the sources that ``setting`` is for."""
    if setting == STALE:
        kept = {name: each for name, each in DECLARATIONS.items() if each.fresh is not None}
        return tuple(sorted(name for name, each in kept.items() if not each.private))
    return tuple(
        sorted(n for n, each in DECLARATIONS.items() if setting in (each.timeout, each.fresh))
    )


def pages_that_need(source: str) -> tuple[str, ...]:
    """Return the pages that cannot be shown without ``source``: it may not be switched off."""
    return tuple(
        page.name
        for page in PAGES
        if any(
            each.primary and each.source.name == source
            for plan in page.plans
            for each in plan.fragments
        )
    )


CAN_BE_OFF = tuple(sorted(name for name in DECLARATIONS if not pages_that_need(name)))
"""The sources that no page is nothing without."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A setting that needs a restart. ``value`` is hidden where it is a secret, or holds one."""

    name: str
    value: str
    origin: str


def fixed() -> tuple[Fixed, ...]:
    """Return all settings that a change of the environment and a restart alone can change."""
    names = sorted(set(declared._env.names_read) - set(SETTINGS))
    return tuple(Fixed(name, _shown(name), origin(name)) for name in names)


def _shown(name: str) -> str:
    value: Any = getattr(settings, name, None)
    if value is None or any(word in name for word in _SECRET):
        return HIDDEN
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
