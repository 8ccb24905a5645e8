"""The headers of a composed page: what it is made of, whether it is whole, how long it is good."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from gateway.aggregation.compose import Composition, reason_of, state_of
from gateway.aggregation.source import REVALIDATING, Reply, State

_TOKEN = re.compile(r"[^A-Za-z0-9_.-]")
MOST_SECONDS = 3600
MOST_STALE_SECONDS = 30
STALE_IF_ERROR_SECONDS = 300


def provenance(page: Composition) -> dict[str, str]:
    """Return Gateway-Complete, Fragment-Status (RFC 8941) and Server-Timing (W3C) of ``page``."""
    return {
        "Gateway-Complete": "?1" if page.complete else "?0",
        "Fragment-Status": ", ".join(_member(name, page) for name in page.outcomes),
        "Server-Timing": ", ".join(
            [
                *(_timing(name, page) for name in page.outcomes),
                f"page;dur={page.page_seconds * 1000:.1f}",
            ]
        ),
    }


def provenance_so_far(page: Composition, names: Sequence[str]) -> dict[str, str]:
    """Return the same of a page of which not all is there: of the fragments ``names`` some pend.

    It says that it is not complete, for nobody knows yet.
    """
    said = provenance(page)
    status = [
        _member(name, page) if name in page.outcomes else f"{_token(name)};state=pending"
        for name in names
    ]
    return said | {"Gateway-Complete": "?0", "Fragment-Status": ", ".join(status)}


def cache_control(page: Composition, *, personal: bool) -> str:
    """Return for how long anybody may keep the page: never longer than its shortest fragment.

    Past that a cache may show it for as long again while it asks for a new one, and a little longer
    if nobody answers (RFC 5861).
    """
    return "no-store" if personal or not page.complete else _public(page, 0.0)


def _public(page: Composition, spare_seconds: float) -> str:
    seconds = min((_lifetime(page, name, spare_seconds) for name in page.outcomes), default=0)
    if seconds == 0:
        return "public, max-age=0"
    meanwhile = min(seconds, MOST_STALE_SECONDS)
    return (
        f"public, max-age={seconds}, stale-while-revalidate={meanwhile}, "
        f"stale-if-error={STALE_IF_ERROR_SECONDS}"
    )


def kept_control(page: Composition, spare_seconds: float) -> str:
    """Return what the page says to caches ``spare_seconds`` from now, if all of it was at hand.

    What was asked just now is told as such, and would not be true of the next visitor's page: then,
    and where the page is nobody's to keep, it is empty.
    """
    for outcome in page.outcomes.values():
        if not isinstance(outcome, Reply) or outcome.lifetime is None:
            return ""
        if outcome.state is not State.FRESH and outcome.lifetime < math.inf:
            return ""
    return _public(page, spare_seconds)


def is_being_mended(page: Composition) -> bool:
    """Whether all that the page lacks is a refresh that is under way."""
    return all(
        isinstance(outcome, Reply)
        and (outcome.state is State.FRESH or outcome.reason == REVALIDATING)
        for outcome in page.outcomes.values()
    )


def _lifetime(page: Composition, name: str, spare_seconds: float) -> int:
    outcome = page.outcomes[name]
    if not isinstance(outcome, Reply) or outcome.lifetime is None:
        return 0
    return max(0, math.floor(min(outcome.lifetime, MOST_SECONDS) - spare_seconds))


def _member(name: str, page: Composition) -> str:
    outcome = page.outcomes[name]
    parts = [_token(name), f"state={_token(state_of(outcome))}"]
    if isinstance(outcome, Reply) and outcome.state in (State.FRESH, State.STALE):
        parts.append(f"age={max(0, math.floor(outcome.age))}")
    if reason := reason_of(outcome):
        parts.append(f"reason={_token(reason)}")
    return ";".join(parts)


def _timing(name: str, page: Composition) -> str:
    milliseconds = page.seconds[name] * 1000
    return f'{_token(name)};dur={milliseconds:.1f};desc="{_token(state_of(page.outcomes[name]))}"'


@lru_cache(256)
def _token(word: str) -> str:
    """Return ``word`` as a token: a header takes no other characters, whoever chose them."""
    return _TOKEN.sub("-", word)
