"""On which terms a reply may be kept, as its source says in HTTP's words."""

from collections.abc import Mapping

from gateway.aggregation.source import Terms
from gateway.sources.lifetime import directives, lifetime_seconds, seconds

MAX_ETAG = 256


def terms(headers: Mapping[str, str]) -> Terms:
    """Return the terms that a reply's headers name.

    ``Cache-Control`` and ``Age`` are RFC 9111's, ``stale-while-revalidate`` and ``stale-if-error``
    RFC 5861's; ``must-revalidate`` (RFC 9111, 5.2.2.2) forbids to show what is stale. An ``ETag``
    (RFC 9110, 8.8.3) names this very value; one that could not be sent back is passed over.
    """
    said = directives(headers)
    strict = "must-revalidate" in said
    return Terms(
        fresh=lifetime_seconds(headers),
        while_revalidate=0.0 if strict else seconds(said.get("stale-while-revalidate", "0")),
        if_error=_if_error(said, strict=strict),
        etag=_etag(headers.get("etag", "")),
    )


def _if_error(said: dict[str, str], *, strict: bool) -> float | None:
    if strict:
        return 0.0
    given = said.get("stale-if-error")
    return None if given is None else seconds(given)


def _etag(given: str) -> str | None:
    fit = given.isascii() and given.isprintable() and 2 <= len(given) <= MAX_ETAG
    return given if fit and given.endswith('"') else None
