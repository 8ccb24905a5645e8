"""What was said, in Postgres, on the native pool: no thread, and a limit for every question."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceBusy
from gateway.chat.identity import Speaker
from gateway.chat.protocol import Change, History, Removed, Said, Say
from gateway.chat.statements import CHANGES, COUNTERS, LATEST, REMOVE, SAY
from gateway.runtime import runtime
from gateway.sources.postgres import Rows

SOURCE = "chat"
SHOWN = 50
"""How many messages whoever joins sees."""

MOST_MISSED = 100
"""Changes, messages and removals, after which a client is better off with the last fifty."""

QUESTION_SECONDS = 1.0
AT_ONCE = 50
"""How many changes are read at a time; fewer than may wait for one who listens."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed in a room, in order, and the number of its last change at that moment."""

    changes: tuple[Change, ...]
    last: int


class NoSuchRoom(Exception):
    """There is no room of that name, or none that is open."""


async def say(room: str, speaker: Speaker, said: Say) -> tuple[int, str]:
    """Keep what ``speaker`` says; the message's number, and its ``client_id``.

    Said twice under one ``client_id`` it is one message: whoever is not sure says it again. Raises
    ``NoSuchRoom``, or ``SourceError`` where Postgres does not answer.
    """
    client_id = said.client_id or secrets.token_hex(8)
    params = {
        "room": room,
        "key": speaker.key,
        "name": speaker.name,
        "kind": speaker.kind,
        "text": said.text,
        "client_id": client_id,
    }
    for _ in range(2):
        # No row the first time: the same was being said in that very moment, and is known now.
        if rows := await _ask(SAY, params):
            return int(rows[0][0]), client_id
    raise NoSuchRoom


async def remove(room: str, number: int) -> bool:
    """Remove a message; whether there was one. Raises ``SourceError``."""
    return bool(await _ask(REMOVE, {"room": room, "number": number}))


async def history(room: str, last_seen: int | None) -> History:
    """Return what somebody who joins does not know yet. Raises ``NoSuchRoom``, ``SourceError``."""
    if last_seen is not None:
        news = await news_since(room, last_seen, MOST_MISSED + 1)
        said, removed = _apart(news)
        if last_seen <= news.last and len(said) <= SHOWN and len(news.changes) <= MOST_MISSED:
            return History(said, removed, news.last, replaces=False, gap=False)
    latest = _news(await _ask(LATEST, {"room": room, "most": SHOWN}))
    said, _ = _apart(latest)
    return History(said, (), latest.last, replaces=True, gap=bool(last_seen))


async def news_since(room: str, since: int, most: int = AT_ONCE) -> News:
    """Return what changed after ``since``. Raises ``NoSuchRoom``, ``SourceError``."""
    return _news(await _ask(CHANGES, {"room": room, "since": since, "most": most}))


async def counters(rooms: list[str]) -> dict[str, int]:
    """Return the number of the last change of those of ``rooms`` that are open."""
    return dict(await _ask(COUNTERS, {"rooms": rooms}))


def _news(rows: Rows) -> News:
    """Return what rows of ``statements.CHANGES`` say; one without a message is that of the room."""
    if not rows:
        raise NoSuchRoom
    return News(tuple(_change(row) for row in rows if row[1] is not None), int(rows[0][0]))


def _change(row: tuple[Any, ...]) -> Change:
    _, number, change, name, kind, text, sent_at, removed = row
    if removed:
        return Removed(number, change)
    return Said(number, change, name, kind, text, sent_at)


def _apart(news: News) -> tuple[tuple[Said, ...], tuple[int, ...]]:
    said = tuple(each for each in news.changes if isinstance(each, Said))
    return said, tuple(each.id for each in news.changes if isinstance(each, Removed))


async def _ask(statement: str, params: dict[str, Any]) -> Rows:
    deadline = Deadline.after(QUESTION_SECONDS)
    turns = _turns()
    try:
        async with asyncio.timeout(deadline.reserve().remaining()):
            await turns.acquire()
    except TimeoutError as error:
        raise SourceBusy(SOURCE, "too many questions of the chat") from error
    try:
        return await runtime().postgres.rows(SOURCE, statement, params, deadline)
    finally:
        turns.release()


_all_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()


def _turns() -> asyncio.Semaphore:
    """Return what bounds the chat's questions: half of the pool is left for the pages."""
    loop = asyncio.get_running_loop()
    if loop not in _all_turns:
        _all_turns[loop] = asyncio.Semaphore(max(1, settings.POSTGRES_POOL_SIZE // 2))
    return _all_turns[loop]
