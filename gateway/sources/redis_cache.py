"""The shared cache: Redis. It fails open, and quickly: a page never waits for it in vain."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.aggregation.cache import Entry, WallClock
from gateway.aggregation.events import CacheFailed, Listener

FORMAT = 2
"""Of what lies in Redis. Another number there was written by another release, and is not read."""

OPERATION_SECONDS = 0.1
REST_SECONDS = 1.0
"""For how long a Redis that hangs is left alone."""

MAX_CONNECTIONS = 50
MAX_ENTRY_BYTES = 1_048_576

T = TypeVar("T")


class _Stored(msgspec.Struct, Generic[T], frozen=True, array_like=True):
    format: int
    stored_at: float
    fresh_until: float
    revalidate_until: float
    stale_until: float
    took: float
    etag: str | None
    value: T


@dataclass(slots=True)
class SharedRedis:
    """A connection pool, the clock that entries are written by, and who hears of failures.

    One that twice did not answer in time is left alone for a moment: a page asks it several things,
    and must not wait for each of them in vain. Once is not enough: it may be we who were busy, and
    without Redis each gateway asks for itself.
    """

    client: Redis
    wall: WallClock
    emit: Listener
    _rests_until: float = 0.0
    _late_since: float | None = None

    async def ask(
        self, name: str, operation: str, question: Callable[[Redis], Awaitable[T]]
    ) -> T | None:
        """Return what Redis answers to ``question``, within a tenth of a second.

        None where it fails, which is told as a fact of ``name`` and ``operation``, or rests.
        """
        begun = asyncio.get_running_loop().time()
        if begun < self._rests_until:
            return None
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                answer = await question(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            if reason_of(error) == "timeout":
                self._late(begun)
            self.failed(name, operation, error)
            return None
        self._late_since = None
        return answer

    def _late(self, begun: float) -> None:
        """Rest, if what was asked at ``begun`` was asked after another answer was late already."""
        now = asyncio.get_running_loop().time()
        if self._late_since is None:
            self._late_since = now
        elif begun >= self._late_since:
            self._rests_until = now + REST_SECONDS

    def failed(self, name: str, operation: str, error: Exception) -> None:
        """Tell that an operation failed."""
        self.emit(CacheFailed(name, operation, reason_of(error), error))


def connect(url: str) -> Redis:
    """Return a client for ``url``. Nothing is connected before its first use.

    One try and a tenth of a second for each operation: the library's own defaults, ten retries
    and five seconds, would make a Redis that is down cost more than the page that it speeds up.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=OPERATION_SECONDS,
        socket_timeout=OPERATION_SECONDS,
        socket_connect_timeout=OPERATION_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return Redis.from_pool(pool)


class RedisCache:
    """Entries of one source, with values of one type, in the Redis that all replicas share."""

    def __init__(self, name: str, payload: Any, shared: SharedRedis) -> None:
        self._name = name
        self._prefix = f"page:{FORMAT}:"
        self._shared = shared
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(_Stored[payload]).decode

    def at_once(self, key: str) -> Entry | None:
        """Return None: Redis has to be waited for."""
        return None

    async def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``; None also where Redis fails or holds something else."""
        # Not all that may lie there: what is larger than any of ours was put there by others.
        raw = await self._shared.ask(
            self._name, "get", lambda redis: redis.getrange(self._prefix + key, 0, MAX_ENTRY_BYTES)
        )
        if not raw or len(raw) > MAX_ENTRY_BYTES:
            return None
        try:
            stored = self._decode(_bytes(raw))
        except UNREADABLE as error:
            self._shared.failed(self._name, "get", error)
            return None
        if stored.format != FORMAT:
            return None
        return Entry(
            stored.value,
            stored.stored_at,
            stored.fresh_until,
            stored.revalidate_until,
            stored.stale_until,
            stored.took,
            stored.etag,
        )

    async def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry`` until it is good for nothing, or do nothing where Redis fails."""
        good_until = max(entry.fresh_until, entry.stale_until)
        lifetime_ms = int((good_until - self._shared.wall()) * 1000)
        if lifetime_ms <= 0:
            return
        raw = self._encode(_stored(entry))
        if len(raw) <= MAX_ENTRY_BYTES:
            await self._shared.ask(
                self._name, "put", lambda redis: redis.set(self._prefix + key, raw, px=lifetime_ms)
            )


UNREADABLE = (msgspec.DecodeError, RecursionError, ValueError)
"""What decoding raises for a value that another wrote, or that was changed on the way."""


def _stored(entry: Entry) -> _Stored[Any]:
    return _Stored(
        FORMAT,
        entry.stored_at,
        entry.fresh_until,
        entry.revalidate_until,
        entry.stale_until,
        entry.took,
        entry.etag,
        entry.value,
    )


def _bytes(raw: bytes | str) -> bytes:
    """Return what Redis holds; the library's types do not know that we never ask for text."""
    return raw if isinstance(raw, bytes) else raw.encode()


def reason_of(error: Exception) -> str:
    """Return why an operation on Redis failed, in one word of a closed list."""
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
        return "timeout"
    if isinstance(error, UNREADABLE):
        return "unreadable"
    if isinstance(error, OSError) or "connection" in type(error).__name__.lower():
        return "refused"
    return "error"
