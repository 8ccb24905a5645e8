"""The headers of a composed page: what it is made of, whether it is whole, how long it is good."""

import math
import re

from gateway.aggregation.compose import Composition, reason_of, state_of
from gateway.aggregation.source import Reply, State

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


def cache_control(page: Composition, *, personal: bool) -> str:
    """Return for how long anybody may keep the page: never longer than its shortest fragment.

    Past that a cache may show it for as long again while it asks for a new one, and a little longer
    if nobody answers (RFC 5861).
    """
    if personal or not page.complete:
        return "no-store"
    seconds = min((_lifetime(page, name) for name in page.outcomes), default=0)
    if seconds == 0:
        return "public, max-age=0"
    meanwhile = min(seconds, MOST_STALE_SECONDS)
    return (
        f"public, max-age={seconds}, stale-while-revalidate={meanwhile}, "
        f"stale-if-error={STALE_IF_ERROR_SECONDS}"
    )


def true_for(page: Composition) -> float:
    """Return for how many seconds the page's Cache-Control holds, if all of it was at hand; else 0.

    What was asked just now is told as such, and would not be true of the next visitor's page.
    """
    left = math.inf
    for outcome in page.outcomes.values():
        if not isinstance(outcome, Reply) or outcome.lifetime is None:
            return 0.0
        if outcome.state is not State.FRESH and outcome.lifetime < math.inf:
            return 0.0
        left = min(left, outcome.lifetime)
    return left % 1.0 if left < math.inf else 0.0


def _lifetime(page: Composition, name: str) -> int:
    outcome = page.outcomes[name]
    if not isinstance(outcome, Reply) or outcome.lifetime is None:
        return 0
    return math.floor(min(outcome.lifetime, MOST_SECONDS))


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


def _token(word: str) -> str:
    """Return ``word`` as a token: a header takes no other characters, whoever chose them."""
    return _TOKEN.sub("-", word)
