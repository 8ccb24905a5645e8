"""The bell between the gateways: whoever changes a room rings, and all of them look.

It hangs on Channels' layer over Redis. What rings carries nothing but a room's name: what was said
is read from Postgres, so that a ring that is lost loses no message, and a forged one tells nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from gateway.telemetry.logs import log

GROUP = "chat"
PREFIX = "chat"
RING_SECONDS = 0.5
BEAT_SECONDS = 1.0
"""How often a gateway rings for itself, to see whether the bell still works."""

SILENCE_SECONDS = 2.5
REST_SECONDS = 1.0
OUTAGE = (RedisError, OSError, TimeoutError)


async def ring(room: str) -> bool:
    """Tell all gateways that ``room`` has changed; whether that was possible."""
    try:
        async with asyncio.timeout(RING_SECONDS):
            await _layer().group_send(GROUP, {"type": "chat.ring", "room": room})
    except OUTAGE as error:
        log.warning("chat.bell_is_silent", detail=repr(error))
        return False
    return True


ring_from_thread = async_to_sync(ring)
"""The same for synchronous code."""


class Bell:
    """Listens for as long as ``attend`` runs. ``live`` is whether it has heard itself of late.

    ``heard`` is called with the name of each room that rang; ``changed`` when listening begins and
    when it ends. It is done with when ``over`` is set and ``attend`` cancelled.
    """

    def __init__(
        self, heard: Callable[[str], None], changed: Callable[[], None], *, live: bool = True
    ) -> None:
        # Until proven otherwise: nobody is to be told of an outage while we connect.
        self.live = live
        # Said in so many words: a group of tasks that fails in the moment in which it is cancelled
        # raises what failed, and says nothing of the other.
        self.over = False
        self._heard = heard
        self._changed = changed
        self._last_beat = 0.0

    async def attend(self) -> None:
        """Listen for ever. Where Redis is away, try again every second."""
        try:
            while not self.over:
                try:
                    await self._attend_once()
                except* OUTAGE as errors:
                    self._is_silent(repr(errors.exceptions[0]))
                await asyncio.sleep(REST_SECONDS)
        finally:
            await _take_down()

    async def _attend_once(self) -> None:
        await _take_down()
        layer = _layer()
        async with asyncio.timeout(SILENCE_SECONDS):
            channel = await layer.new_channel(PREFIX)
            await layer.group_add(GROUP, channel)
        self._last_beat = _now()
        self.live = True
        # What rang before we listened was not heard.
        self._changed()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(channel))
            group.create_task(self._beat(channel))

    async def _listen(self, channel: str) -> None:
        while True:
            try:
                message = await _layer().receive(channel)
            except (ValueError, TypeError, LookupError) as error:
                log.warning("chat.bell_rang_strangely", detail=repr(error))
                continue
            self._last_beat = _now()
            if isinstance(message, dict) and message.get("type") == "chat.ring":
                self._heard(str(message.get("room")))

    async def _beat(self, channel: str) -> None:
        """Ring for ourselves alone. Raises ``TimeoutError`` when nothing comes back."""
        while True:
            async with asyncio.timeout(RING_SECONDS):
                await _layer().send(channel, {"type": "chat.beat"})
            await asyncio.sleep(BEAT_SECONDS)
            if _now() - self._last_beat > SILENCE_SECONDS:
                raise TimeoutError("the bell does not hear itself")

    def _is_silent(self, detail: str) -> None:
        if self.live:
            self.live = False
            log.warning("chat.bell_is_silent", detail=detail)
            self._changed()


def _layer() -> Any:
    return get_channel_layer()


async def _take_down() -> None:
    """Close what the layer has open; it opens it again at its next use."""
    try:
        async with asyncio.timeout(RING_SECONDS):
            await _layer().flush()
    except OUTAGE as error:
        log.debug("chat.bell_did_not_close", detail=repr(error))


def _now() -> float:
    return asyncio.get_running_loop().time()
