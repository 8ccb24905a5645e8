"""What a reply says of being kept by caches (RFC 9111), held against what a page needs of it."""

from gateway.contracts.asking import Exchange
from gateway.contracts.bodies import shortened
from gateway.contracts.findings import Finding
from gateway.sources.lifetime import directives

PUBLIC = "how long all visitors may be shown the same"
PERSONAL = "that no cache on the way shows one member's books to another"


def judged_keeping(came: Exchange, *, personal: bool, shared: bool) -> tuple[Finding, ...]:
    """Return what is wrong with ``Cache-Control``.

    A ``personal`` reply must be private; a ``shared`` one must not be. A reply that is neither may
    be either.
    """
    part = PERSONAL if personal else PUBLIC
    given = came.headers.get("Cache-Control")
    if given is None:
        return (Finding("Cache-Control", f"is missing; it tells {part}", part),)
    said = directives(came.headers)
    found = [*_whose(said, personal, shared), *_how_long(said)]
    return tuple(
        Finding("Cache-Control", f"{each.said} (it is {shortened(given, 80)})", part, each.remark)
        for each in found
    )


def _whose(said: dict[str, str], personal: bool, shared: bool) -> list[Finding]:
    if personal and "public" in said:
        return [_wrong("lets every cache keep a member's own reply: it must be private")]
    if personal and "private" not in said:
        return [_wrong("must be private: the reply is a member's own")]
    if shared and "private" in said:
        return [_wrong("is private, but the reply is the same for everybody: it must be public")]
    if shared and "public" not in said:
        return [_wrong("must be public: the reply is the same for everybody")]
    return []


def _how_long(said: dict[str, str]) -> list[Finding]:
    if "max-age" not in said:
        return [_wrong("names no max-age, so that nobody knows how long the reply holds")]
    text = said["max-age"]
    if not (text.isascii() and text.isdigit()):
        return [_wrong(f"names max-age {shortened(text, 20)}, which is no number of seconds")]
    if {"no-store", "no-cache"} & said.keys() or int(text[:12]) == 0:
        return [_remark("lets nothing be kept, so that every page must ask")]
    return []


def _wrong(said: str) -> Finding:
    return Finding("Cache-Control", said)


def _remark(said: str) -> Finding:
    return Finding("Cache-Control", said, remark=True)


def judged_cookies(came: Exchange) -> tuple[Finding, ...]:
    """Remark on cookies: they are never sent back."""
    if "Set-Cookie" not in came.headers:
        return ()
    return (Finding("Set-Cookie", "is never sent back: no call follows another", remark=True),)
