"""Counting in Redis how often something was done of late, for all gateways at once."""

import hashlib
from typing import Any

from redis.asyncio import Redis

from gateway.sources.redis_cache import SharedRedis

PREFIX = "page:count:"


class Counts:
    """Counters that begin anew after some seconds. Where Redis fails, nothing was ever done."""

    def __init__(self, name: str, shared: SharedRedis) -> None:
        self._name = name
        self._shared = shared

    async def add(self, key: str, seconds: int) -> int:
        """Count one more of ``key``; return how many there were within its ``seconds``, this too.

        0 where Redis does not answer, which is told as a failure of ours: who counts fails open.
        """

        async def question(redis: Redis) -> Any:
            async with redis.pipeline(transaction=True) as pipe:
                # Not EXPIRE … NX, which is newer than some servers that people have.
                pipe.set(_named(key), 0, ex=seconds, nx=True)
                pipe.incr(_named(key))
                return await pipe.execute()

        counted = await self._shared.ask(self._name, "count", question)
        return int(counted[1]) if counted else 0

    async def look(self, key: str) -> int:
        """Return how many of ``key`` were counted; 0 where Redis does not answer."""

        async def question(redis: Redis) -> Any:
            return await redis.get(_named(key))

        found = await self._shared.ask(self._name, "look", question)
        return int(found) if found and found.isdigit() else 0


def _named(key: str) -> str:
    """Return the key in Redis: hashed, for what is counted is named by visitors."""
    return PREFIX + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
