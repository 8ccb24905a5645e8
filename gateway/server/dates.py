"""The date of answers (RFC 9110, 6.6.1), put together once a second."""

import time
from functools import lru_cache

from django.utils.http import http_date


def date_now() -> bytes:
    """Return what an answer that is sent now says in its field ``Date``."""
    return _date_at(int(time.time()))


@lru_cache(2)
def _date_at(second: int) -> bytes:
    return http_date(second).encode()
