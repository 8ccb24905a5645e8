"""What commands that name a source have in common."""

from django.core.management.base import CommandError

from gateway.ops.sources import SOURCES


def known_source(name: str) -> str:
    """Return ``name`` if a source is called so; raises ``CommandError`` that says which are."""
    if name not in SOURCES:
        raise CommandError(f"There is no source {name!r}; there are {', '.join(SOURCES)}.")
    return name
