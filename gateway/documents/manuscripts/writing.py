"""Bytes as they come, to the disk: only a part of them in memory, and no disk on the loop.

What has come is synced and written down every few megabytes and every second, and at the end,
however that comes. A gateway that is killed loses no more than what came since.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from django.conf import settings

from gateway.documents.manuscripts import kinds, ledger, names, rules
from gateway.documents.manuscripts.refusal import Refusal
from gateway.documents.manuscripts.store import Part
from gateway.documents.models import Manuscript
from gateway.web.streaming import VisitorGone
from gateway.web.threads import in_thread

RECORD_BYTES = 4_194_304
RECORD_SECONDS = 1.0
MOST_WRITERS = 16
MOST_WRITERS_OF_A_VISITOR = 4

_writers: dict[str, int] = {}
"""How many uploads of each visitor this process receives now."""

_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()


def _turn() -> asyncio.Semaphore:
    """Return what uploads wait for before they use a thread: half of the threads are others'."""
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns[loop] = asyncio.Semaphore(max(1, settings.SYNC_THREADS // 2))
    return _turns[loop]


@contextmanager
def place_for(owner: str) -> Iterator[None]:
    """Count an upload as under way; refuse it where too many are."""
    if _writers.get(owner, 0) >= MOST_WRITERS_OF_A_VISITOR:
        raise Refusal(429, "You are sending too many files at once.", Retry_After="5")
    if sum(_writers.values()) >= MOST_WRITERS:
        raise Refusal(503, "Too many files are on their way. Please try again.", Retry_After="5")
    _writers[owner] = _writers.get(owner, 0) + 1
    try:
        yield
    finally:
        _writers[owner] -= 1
        if not _writers[owner]:
            del _writers[owner]


async def receive(manuscript: Manuscript, part: Part, body: AsyncIterator[bytes]) -> None:
    """Add ``body`` to what is there, and finish the manuscript with its last byte.

    Whatever ends it early, what has come until then is kept. Raises a ``Refusal``, or
    ``VisitorGone``.
    """
    writing = _Writing(manuscript, part)
    try:
        async with asyncio.timeout(settings.MANUSCRIPT_PATCH_SECONDS):
            await writing.take(body)
    except TimeoutError as exc:
        await in_thread(writing.record)
        raise Refusal(408, "That took too long. Please go on where you stopped.") from exc
    except VisitorGone:
        await in_thread(writing.record)
        raise
    if writing.offset < manuscript.length:
        await in_thread(writing.record)


class _Writing:
    """One writer's work on one upload. ``offset`` is how many bytes the file has."""

    def __init__(self, manuscript: Manuscript, part: Part) -> None:
        self.offset = manuscript.received
        self._manuscript = manuscript
        self._part = part
        self._judged = manuscript.received >= min(kinds.HEAD_BYTES, manuscript.length)
        self._recorded_at = time.monotonic()

    async def take(self, body: AsyncIterator[bytes]) -> None:
        """Write all that comes. Raises ``TimeoutError`` where nothing comes for too long."""
        while (data := await _next(body)) is not None:
            if self.offset + len(data) > self._manuscript.length:
                await in_thread(self.record)
                raise rules.past_the_end(self._manuscript.length)
            async with _turn():
                await in_thread(self._add, data)

    def record(self) -> None:
        """Make sure that what has come is on the disk, and write down how much that is."""
        if self.offset > self._manuscript.received and self.offset < self._manuscript.length:
            ledger.advance(self._manuscript, self._part.sync())
        self._recorded_at = time.monotonic()

    def _add(self, data: bytes) -> None:
        self._part.write(data)
        self.offset += len(data)
        if not self._judged and self.offset >= min(kinds.HEAD_BYTES, self._manuscript.length):
            self._judge_head()
        if self.offset == self._manuscript.length:
            self._finish()
        elif self._is_time():
            self.record()

    def _is_time(self) -> bool:
        unrecorded = self.offset - self._manuscript.received
        waited = time.monotonic() - self._recorded_at
        return unrecorded >= RECORD_BYTES or waited >= RECORD_SECONDS

    def _judge_head(self) -> None:
        try:
            head = self._part.head(kinds.HEAD_BYTES)
            kind = kinds.judge_head(self._manuscript.kind, head)
        except Refusal:
            ledger.forget(self._manuscript.pk)
            raise
        self._manuscript.name = names.with_extension(self._manuscript.name, kind)
        self._manuscript.kind = kind
        self._judged = True

    def _finish(self) -> None:
        self._part.sync()
        try:
            kinds.judge_whole(self._manuscript.kind, self._part.file, self.offset)
        except Refusal:
            ledger.forget(self._manuscript.pk)
            raise
        ledger.finish(self._manuscript)


async def _next(body: AsyncIterator[bytes]) -> bytes | None:
    """Return what comes next; None at the end."""
    async with asyncio.timeout(settings.MANUSCRIPT_IDLE_SECONDS):
        return await anext(body, None)
