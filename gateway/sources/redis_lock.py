"""The fleet's lock: one gateway at a time asks for a key. It expires, and it fails open."""

import asyncio
import secrets

from redis.exceptions import RedisError

from gateway.aggregation.events import CacheFailed
from gateway.sources.redis_cache import OPERATION_SECONDS, SharedRedis, reason_of

PREFIX = "page:lock:"
# Gives a lock back only if it is still ours: when it has expired, another may hold it by now.
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


class RedisLock:
    """Locks of one source in the Redis that all gateways share."""

    def __init__(self, name: str, shared: SharedRedis) -> None:
        self._name = name
        self._shared = shared
        self._token = secrets.token_hex(8)

    async def acquire(self, key: str, seconds: float) -> bool:
        """Whether we are the one to ask; True as well where Redis cannot tell."""
        milliseconds = max(1, int(seconds * 1000))
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                return bool(
                    await self._shared.client.set(
                        PREFIX + key, self._token, nx=True, px=milliseconds
                    )
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._shared.emit(CacheFailed(self._name, "lock", reason_of(error), error))
            return True

    async def release(self, key: str) -> None:
        """Let the next one ask, if the lock is still ours; else it expires by itself."""
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                await self._shared.client.eval(_RELEASE, 1, PREFIX + key, self._token)
        except (RedisError, OSError, TimeoutError) as error:
            self._shared.emit(CacheFailed(self._name, "unlock", reason_of(error), error))
