"""How long the caller still waits, as the caller says it. Plain code: no clock, no I/O."""

import re

HEADER = "X-Envoy-Expected-Rq-Timeout-Ms"
_MILLISECONDS = re.compile(r"-?[0-9]{1,12}")


def time_left_ms(header: str | None) -> int | None:
    """The milliseconds that the header grants; ``None`` if it is absent or malformed."""
    if header is None or not _MILLISECONDS.fullmatch(header):
        return None
    return int(header)


def is_too_late(header: str | None) -> bool:
    """Whether the caller has stopped waiting, so that work should not be begun."""
    left = time_left_ms(header)
    return left is not None and left <= 0
