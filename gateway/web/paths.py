"""Paths as a log may have them: without what proves something, or holds what somebody wrote."""

import re

MOST_LOGGED = 200
_TELLING = re.compile(r"(/(?:join/open|certificates|avatars)/)[^/]{20,}")
"""Behind these stand signed words: a mail's proof, what is on a certificate, whose picture it is.

The edge leaves out the same: deploy/nginx/log.conf.
"""


def loggable(path: str) -> str:
    """Return ``path``, short enough for a line, and with a dash in place of a signed word."""
    return _TELLING.sub(r"\1-", path, count=1)[:MOST_LOGGED]
