"""The fleet's lock: one gateway at a time asks for a key. It expires, and it fails open."""

import secrets

from redis.asyncio import Redis

from gateway.sources.redis_cache import SharedRedis

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

        async def question(redis: Redis) -> bool:
            return bool(await redis.set(PREFIX + key, self._token, nx=True, px=milliseconds))

        return await self._shared.ask(self._name, "lock", question) is not False

    async def release(self, key: str) -> None:
        """Let the next one ask, if the lock is still ours; else it expires by itself."""

        async def question(redis: Redis) -> object:
            return await redis.eval(_RELEASE, 1, PREFIX + key, self._token)

        await self._shared.ask(self._name, "unlock", question)
