"""Sessions in signed cookies, as Django keeps them there, and read once.

What a cookie says is what it says. To check its signature again for each request of the same
visitor is a tenth of what a page costs that is made of fresh fragments.
"""

import time
from typing import Any

from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.serializers import JSONSerializer

REMEMBERED = 2048
REMEMBERED_SECONDS = 60.0
"""For how long a cookie that was found good counts as that. It may be so much older at its end."""

MOST_LENGTH = 4096
"""Of a cookie that is remembered; no browser keeps a longer one."""

_serializer = JSONSerializer()
_read: dict[str, tuple[float, bytes]] = {}
"""By cookie: until when it counts (monotonic), and what it says. Each step with it is atomic, for
Django's synchronous views read sessions in threads."""


class SessionStore(signed_cookies.SessionStore):
    """Django's own, which remembers what it has read."""

    def load(self) -> dict[str, Any]:
        """Return what the session's cookie says; nothing where it is none of ours, or too old."""
        cookie = self.session_key
        known = _read.get(cookie) if cookie else None
        if known is not None and time.monotonic() < known[0]:
            said: dict[str, Any] = _serializer.loads(known[1])
            return said
        said = super().load()
        if said and cookie and len(cookie) <= MOST_LENGTH:
            if len(_read) >= REMEMBERED:
                _read.clear()
            _read[cookie] = (time.monotonic() + REMEMBERED_SECONDS, _serializer.dumps(said))
        return said
