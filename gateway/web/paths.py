"""Paths as a log may have them: without what proves something, or holds what somebody wrote."""

import re

MOST_LOGGED = 200
SIGNED = ("/join/open/", "/certificates/", "/avatars/")
"""Behind these stand signed words: a mail's proof, what is on a certificate, whose picture it is.

The edge leaves out the same: deploy/nginx/log.conf.
"""
_WORD = re.compile(rf"({'|'.join(SIGNED)})[^/]{{20,}}")


def loggable(path: str) -> str:
    """Return ``path``, short enough for a line, and with a dash in place of a signed word."""
    if path.startswith(SIGNED):
        path = _WORD.sub(r"\1-", path, count=1)
    return path[:MOST_LOGGED]
