"""Gateways tell each other how they do: each writes its portrait into Redis every other second.

One hash, a field for each gateway. Nothing else depends on it: without Redis each knows itself.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from gateway.ops.live.model import FORMAT, Portrait
from gateway.ops.live.ourselves import Ourselves, ourselves
from gateway.ops.live.portrait import portrait
from gateway.runtime import Runtime
from gateway.sources.redis_cache import OPERATION_SECONDS, UNREADABLE

GATEWAYS = "page:gateways"
BEAT_SECONDS = 2.0
SILENT_SECONDS = 3 * BEAT_SECONDS
"""A gateway that says nothing for longer has died, or is cut off."""
FORGOTTEN_SECONDS = 120.0
MOST_BYTES = 1_048_576

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Portrait).decode


async def tell_of_us(ours: Runtime, us: Ourselves = ourselves) -> None:
    """Tell the other gateways how this one does, every other second, until it is cancelled.

    Whoever ends in good order takes his portrait down.
    """
    await _forget_the_gone(ours)
    try:
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                await tell_once(ours, us)
            await asyncio.sleep(BEAT_SECONDS)
    finally:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(OPERATION_SECONDS):
                await ours.redis.hdel(GATEWAYS, us.id)


async def tell_once(ours: Runtime, us: Ourselves = ourselves) -> None:
    """Do it once. Raises RedisError, OSError or TimeoutError."""
    said = _encode(portrait(ours, us))
    async with asyncio.timeout(OPERATION_SECONDS):
        await ours.redis.hset(GATEWAYS, us.id, said)
        await ours.redis.expire(GATEWAYS, int(FORGOTTEN_SECONDS))


async def _forget_the_gone(ours: Runtime) -> None:
    """Remove what gateways have left that ended without a word, or that another release wrote."""
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(OPERATION_SECONDS):
            held = await ours.redis.hgetall(GATEWAYS)
            gone = [name for name, raw in held.items() if not _is_recent(_read(raw), time.time())]
            if gone:
                await ours.redis.hdel(GATEWAYS, *gone)


def _is_recent(found: Portrait | None, now: float) -> bool:
    return found is not None and now - found.at < FORGOTTEN_SECONDS


@dataclass(frozen=True, slots=True)
class Company:
    """The gateways that have told of themselves of late, and whether they could be asked for."""

    portraits: tuple[Portrait, ...] = ()
    redis_answers: bool = True


async def others(client: "redis.asyncio.Redis", now: float | None = None) -> Company:
    """Return what gateways have told of themselves, this one among them, by their names."""
    try:
        async with asyncio.timeout(OPERATION_SECONDS):
            held = await client.hgetall(GATEWAYS)
    except (RedisError, OSError, TimeoutError):
        return Company(redis_answers=False)
    now = time.time() if now is None else now
    found = (_read(raw) for raw in held.values())
    known = [each for each in found if each and _is_recent(each, now)]
    return Company(tuple(sorted(known, key=lambda each: (each.host, each.process, each.id))))


def _read(raw: bytes | str) -> Portrait | None:
    """Return a portrait; None for one that another release wrote, or that is none."""
    if len(raw) > MOST_BYTES:
        return None
    try:
        found = _decode(raw)
    except UNREADABLE:
        return None
    return found if found.format == FORMAT else None
