"""For how long a reply may be kept, as its source says in HTTP's words (RFC 9111)."""

from collections.abc import Mapping


def lifetime_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the seconds for which the reply is fresh; None where the source does not say.

    RFC 9111: 5.2.2.5 ``no-store`` and 5.2.2.4 ``no-cache`` forbid reuse, 5.2.2.1 ``max-age`` bounds
    it, and 4.2.3 takes off the ``Age`` that the reply has already. ``private`` does not matter
    here: a key names the member, so no reply reaches anybody else. What cannot be read counts as
    stale (4.2.1).
    """
    said = directives(headers)
    if "no-store" in said or "no-cache" in said:
        return 0.0
    if "max-age" not in said:
        return None
    return max(0.0, seconds(said["max-age"]) - seconds(headers.get("age", "0")))


def directives(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the directives of ``Cache-Control`` by name; of one that is repeated, the first."""
    found: dict[str, str] = {}
    for part in headers.get("cache-control", "").split(","):
        name, _, value = part.strip().partition("=")
        found.setdefault(name.strip().lower(), value.strip('" '))
    return found


def seconds(text: str) -> float:
    """Return delta-seconds (RFC 9111, 1.2.2); what is none counts as 0, what is huge as a lot."""
    if not (text.isascii() and text.isdigit()):
        return 0.0
    # Twelve digits are more than enough; int() of very many would raise.
    return float(min(int(text.lstrip("0")[:12] or "0"), 2**31))
