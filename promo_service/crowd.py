"""How many requests may be in hand at once. Plain code: no clock, no I/O.

The server counts them; what it would do by itself beyond its limit is a line of text without a word
of when to come back. So the door asks here first.
"""

from starlette.types import Scope

MOST_AT_ONCE = 1000
MOST_CONNECTIONS = 4000
"""The server's own limit, for connections that ask nothing."""

RETRY_AFTER_SECONDS = 1


def is_one_too_many(scope: Scope) -> bool:
    """Whether a request comes on top of as many as can be answered in time.

    ``state.inside`` of the application is a callable that tells how many there are; without one
    nobody is refused. Health is always told.
    """
    inside = getattr(getattr(scope.get("app"), "state", None), "inside", None)
    if inside is None or scope["path"] == "/livez":
        return False
    return bool(inside() > MOST_AT_ONCE)
