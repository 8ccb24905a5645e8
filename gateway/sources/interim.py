"""Interim replies (1xx) on aiohttp: we never ask for one, and a service that floods us is cut off.

aiohttp queues every 1xx without a bound and reads on without giving anybody else a turn, so that
one service could hold up all pages (RFC 9110, 15.2 allows to ignore them).
"""

from typing import Any

from aiohttp.client_exceptions import ServerDisconnectedError
from aiohttp.client_proto import ResponseHandler

MOST_INTERIM = 16


class TooManyInterim(ServerDisconnectedError):
    """The service sent one 1xx after another, and we hung up."""


class WithoutInterim(ResponseHandler):
    """Drops 1xx replies, and the connection with them when there are too many in a row."""

    _interim = 0

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take over a reply's head and body, if it is a final one; 101 is the end of HTTP."""
        if not 100 <= data[0].code < 200 or data[0].code == 101:
            self._interim = 0
            super().feed_data(data, size)
            return
        self._interim += 1
        if self._interim > MOST_INTERIM and self.transport is not None:
            self.set_exception(TooManyInterim("one interim reply after another"))
            self.transport.abort()
