"""What a visitor may do in a room: say something, within limits."""

import time
from collections.abc import Awaitable, Callable
from typing import assert_never

from gateway.aggregation.errors import SourceError
from gateway.chat import bell, metrics, store
from gateway.chat.hub import hub, no_such_room
from gateway.chat.identity import Speaker
from gateway.chat.limits import (
    MESSAGES_OF_A_CONNECTION,
    MISTAKES,
    PINGS,
    Bucket,
    wait_seconds,
)
from gateway.chat.listener import Listener
from gateway.chat.protocol import (
    Close,
    Command,
    Ending,
    Mistake,
    Ping,
    Pong,
    Problem,
    Say,
    Stored,
    command_of,
    encoded,
)
from gateway.runtime import runtime

CHECKED_SECONDS = 60.0
"""For how long somebody who signs out, or is locked out, could go on to speak."""


async def _always() -> bool:
    return True


class Talk:
    """One visitor in one room. Answers go to ``listener``; ``buckets`` are shared with others."""

    def __init__(
        self,
        room: str,
        speaker: Speaker,
        listener: Listener,
        buckets: tuple[Bucket, ...],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        now = clock()
        self.still_is: Callable[[], Awaitable[bool]] = _always
        self._room = room
        self._speaker = speaker
        self._listener = listener
        self._clock = clock
        self._buckets = (Bucket(MESSAGES_OF_A_CONNECTION, now), *buckets)
        self._pings = (Bucket(PINGS, now),)
        self._mistakes = (Bucket(MISTAKES, now),)
        self._checked_at = now

    async def hear(self, text: str) -> None:
        """Do what ``text`` says, or tell why not. Raises ``Ending`` when that happens too often."""
        try:
            command = command_of(text)
            self._judge(command)
        except Mistake as mistake:
            self._answer(mistake)
            if wait_seconds(self._mistakes, self._clock()) > 0:
                raise Ending(Close.FLOOD, "That is too much; please come back later.") from None
            return
        match command:
            case Say():
                await self._say(command)
            case Ping():
                self._listener.offer(encoded(Pong()))
            case _:
                assert_never(command)

    def _judge(self, command: Command) -> None:
        """Raise ``Mistake`` where it is too soon for ``command``."""
        buckets = self._buckets if isinstance(command, Say) else self._pings
        seconds = wait_seconds(buckets, self._clock())
        if seconds > 0:
            client_id = command.client_id if isinstance(command, Say) else None
            mistake = Mistake("slow-down", "That was too fast; please wait a moment.", client_id)
            mistake.retry_after = round(seconds + 0.05, 1)
            raise mistake

    async def _say(self, said: Say) -> None:
        await self._check()
        try:
            number, client_id = await store.say(self._room, self._speaker, said)
        except store.NoSuchRoom:
            raise no_such_room() from None
        except SourceError:
            sentence = "That could not be kept at the moment; please send it again."
            self._answer(Mistake("unavailable", sentence, said.client_id))
            return
        metrics.messages.inc()
        self._listener.offer(encoded(Stored(client_id, number)))
        announce(self._room)

    async def _check(self) -> None:
        """See now and then whether the member is one still. Without Postgres nothing is kept."""
        now = self._clock()
        if now - self._checked_at < CHECKED_SECONDS:
            return
        try:
            if not await self.still_is():
                raise Ending(Close.SIGNED_OUT, "You are signed out; please connect again.")
        except SourceError:
            return
        self._checked_at = now

    def _answer(self, mistake: Mistake) -> None:
        problem = Problem(mistake.code, mistake.sentence, mistake.client_id, mistake.retry_after)
        self._listener.offer(encoded(problem))


def announce(room: str) -> None:
    """Let all gateways look at ``room``: this one at once, the others by the bell."""
    hub().ring(room)
    if hub().bell.live:
        # One that is dropped because too much is going on is made up for by the next look.
        runtime().background.spawn(_ring(room))


async def _ring(room: str) -> None:
    await bell.ring(room)
