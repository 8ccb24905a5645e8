"""Who is here: how many connections, and what each visitor and each address may still do."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cachetools import LRUCache

from gateway.chat.limits import (
    CONNECTIONS,
    CONNECTIONS_OF_A_VISITOR,
    CONNECTIONS_OF_AN_ADDRESS,
    HANDSHAKES_OF_AN_ADDRESS,
    MESSAGES_OF_A_VISITOR,
    MESSAGES_OF_AN_ADDRESS,
    Bucket,
    Rate,
)
from gateway.chat.protocol import Close, Ending

REMEMBERED = 5_000
"""Visitors and addresses whose use is remembered, so that going and coming again gains nothing."""


class Attendance:
    """The connections to this gateway; other replicas count theirs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = 0
        self._here: Counter[str] = Counter()
        self._buckets: LRUCache[str, Bucket] = LRUCache(REMEMBERED)

    def __len__(self) -> int:
        return self._all

    @contextmanager
    def connection(self, address: str) -> Iterator[None]:
        """Count a connection from ``address`` within the block. Raises ``Ending``."""
        handshakes = self._bucket(f"handshakes {address}", HANDSHAKES_OF_AN_ADDRESS)
        if handshakes.wait_seconds(self._clock()) > 0 or self._all >= CONNECTIONS:
            raise _too_many("here")
        handshakes.take(self._clock())
        with self._counted(f"address {address}", CONNECTIONS_OF_AN_ADDRESS, "from your address"):
            self._all += 1
            try:
                yield
            finally:
                self._all -= 1

    @contextmanager
    def visitor(self, key: str) -> Iterator[None]:
        """Count a connection of one visitor within the block. Raises ``Ending``."""
        with self._counted(f"visitor {key}", CONNECTIONS_OF_A_VISITOR, "of yours"):
            yield

    def messages(self, key: str, address: str) -> tuple[Bucket, Bucket]:
        """Return what a visitor and an address may still say, over all their connections."""
        return (
            self._bucket(f"visitor {key}", MESSAGES_OF_A_VISITOR),
            self._bucket(f"address {address}", MESSAGES_OF_AN_ADDRESS),
        )

    def _bucket(self, name: str, rate: Rate) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(rate, self._clock())
        return bucket

    @contextmanager
    def _counted(self, name: str, most: int, whose: str) -> Iterator[None]:
        if self._here[name] >= most:
            raise _too_many(whose)
        self._here[name] += 1
        try:
            yield
        finally:
            self._here[name] -= 1
            if not self._here[name]:
                del self._here[name]


def _too_many(whose: str) -> Ending:
    return Ending(Close.TOO_MANY, f"There are too many connections {whose}; try again later.")
