"""One WebSocket in a room, from its handshake to its end.

An ASGI application of its own: a consumer of Channels puts what it is to send behind whatever waits
already, however long that is, and takes what is sent to it in the same way.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from gateway.aggregation.background import give_up
from gateway.aggregation.errors import SourceError
from gateway.chat import metrics, store
from gateway.chat.handshake import Wish, address_of, is_from_here, wish_of
from gateway.chat.hub import hub, no_such_room
from gateway.chat.identity import Speaker, request_of, speaker_of
from gateway.chat.listener import Listener
from gateway.chat.protocol import Close, Ending, Welcome, You, encoded
from gateway.chat.talk import Talk
from gateway.telemetry.logs import log

CLOSE_SECONDS = 1.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def chat(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve one WebSocket. A page of somebody else's is refused with 403, before it is accepted."""
    await receive()
    if not is_from_here(scope):
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept"})
    began = time.monotonic()
    ending = None
    try:
        await _attend(scope, receive, send)
    except Ending as error:
        ending = error
        await _close(send, error)
    finally:
        code = int(ending.code) if ending else 0
        metrics.ends.labels(str(code)).inc()
        log.info(
            "chat.connection",
            path=scope["path"][:100],
            code=code,
            seconds=round(time.monotonic() - began, 1),
        )


async def _attend(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    wish, address = wish_of(scope), address_of(scope)
    request = request_of(scope)
    attendance = hub().attendance
    with attendance.connection(address), _outages_named():
        speaker = await speaker_of(request)
        with attendance.visitor(speaker.key):
            listener = Listener()
            with (
                hub().listening(wish.room, listener) as feed,
                metrics.connections.track_inprogress(),
            ):
                await feed.begin()
                told = await _told(wish)
                first = encoded(Welcome(wish.room, You(speaker.name, speaker.kind)))
                await send({"type": "websocket.send", "text": first})
                if not hub().status.live:
                    listener.offer(encoded(hub().status))
                buckets = attendance.messages(speaker.key, address)
                talk = Talk(wish.room, speaker, listener, buckets)
                talk.still_is = partial(_still_is, speaker, scope)
                writing = listener.write(partial(_say, send), *told)
                del told  # as large as fifty messages; the writer lets go of it, too
                await _until_one_ends(_listen(receive, talk), writing, listener.ended)


async def _told(wish: Wish) -> tuple[str, int]:
    """Return what a visitor does not know yet, as it is sent, and the last change it tells of."""
    history = await store.history(wish.room, wish.last_seen)
    return encoded(history), history.last_seen


async def _until_one_ends(reading: Any, writing: Any, ended: "asyncio.Future[Ending]") -> None:
    """Read and write until either is over, or the connection is to end. Raises ``Ending``."""
    tasks = [asyncio.create_task(reading), asyncio.create_task(writing)]
    try:
        await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        if ended.done():
            raise ended.result()
    finally:
        give_up(tasks)


async def _listen(receive: Receive, talk: Talk) -> None:
    """Do what the visitor wants, one thing after another, until they are gone."""
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            raise Ending(Close.NOT_TEXT, "Only text is understood here.")
        await talk.hear(text)


async def _say(send: Send, text: str) -> None:
    await send({"type": "websocket.send", "text": text})


async def _still_is(speaker: Speaker, scope: dict[str, Any]) -> bool:
    """Whether the session still is the speaker's. A guest stays one."""
    if speaker.kind == "guest":
        return True
    return await speaker_of(request_of(scope)) == speaker


@contextlib.contextmanager
def _outages_named() -> Any:
    """Say what it means for a visitor that a room cannot be entered."""
    try:
        yield
    except store.NoSuchRoom:
        raise no_such_room() from None
    except SourceError as error:
        sentence = "The chat cannot be reached at the moment; please try again in a few seconds."
        raise Ending(Close.TRY_AGAIN, sentence) from error


async def _close(send: Send, ending: Ending) -> None:
    """Close; not for longer than a moment, and not where there is nobody any more."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await send(
                {"type": "websocket.close", "code": int(ending.code), "reason": ending.reason}
            )
