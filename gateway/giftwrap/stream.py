"""A job's progress as server-sent events (HTML, 9.2).

Each stage is an event, with its number as id: whoever comes back with ``Last-Event-ID`` gets what
happened in between, and nothing twice. That a job waits for hands is an event without an id, for
it is no stage.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from uuid import UUID

import msgspec

from gateway.giftwrap.rules import DONE, STEPS, said
from gateway.giftwrap.watching import Standing, Watch
from gateway.web.health import readiness

HEARTBEAT_SECONDS = 2.0
"""Less than any proxy waits; it also finds out who has left."""

MOST_SECONDS = 300.0
"""Of one stream. Who still wants to know comes back by itself, and misses nothing."""

MOST_STREAMS = 500
MOST_PER_JOB = 12
FIRST_LOOK_SECONDS = 2.5
RETRY = b"retry: 2000\n\n"
_ID = re.compile(r"[0-9]{1,3}\Z", re.A)
_encode = msgspec.json.Encoder().encode


class Crowded(Exception):
    """As many watch this job, or any, as may."""


class Stream:
    """The events of ``job`` after the one with the number ``after``. Close it when it is over."""

    def __init__(
        self, watch: Watch, job: UUID, ends: Callable[[], bool] = lambda: readiness.draining
    ) -> None:
        if len(watch) >= MOST_STREAMS or watch.watchers_of(job) >= MOST_PER_JOB:
            raise Crowded
        self.after = -1
        self._watch = watch
        self._job = job
        self._ends = ends
        self._watching = ExitStack()
        self._watching.enter_context(watch.watching(job))

    async def standing(self) -> tuple[bool, Standing | None]:
        """Return whether the job could be looked at, and how it stands; None for no such job."""
        until = asyncio.get_running_loop().time() + FIRST_LOOK_SECONDS
        while not self._watch.known(self._job)[0]:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._watch.news(left)
        return self._watch.known(self._job)

    def close(self) -> None:
        """Watch no longer. Twice is harmless."""
        self._watching.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield events until the job is done, or gone, or the gateway ends."""
        clock = asyncio.get_running_loop().time
        until, spoke = clock() + MOST_SECONDS, clock()
        late = False
        yield RETRY
        while clock() < until and not self._ends():
            looked, now = self._watch.known(self._job)
            if looked and now is None:
                return
            if now is not None and (now.stage > self.after or now.late != late):
                late, spoke = now.late, clock()
                yield self._told(now)
                if now.stage >= DONE:
                    return
            elif clock() - spoke >= HEARTBEAT_SECONDS:
                spoke = clock()
                yield b":\n\n"
            await self._watch.news(HEARTBEAT_SECONDS)

    def _told(self, now: Standing) -> bytes:
        """Return every stage that was not told yet; or, if there is none, that the job waits."""
        stages = range(self.after + 1, now.stage + 1)
        events = [event(stage, now, late=now.late and stage == now.stage) for stage in stages]
        if not events:
            events = [event(now.stage, now, late=now.late, named=False)]
        self.after = max(self.after, now.stage)
        return b"".join(events)


def event(stage: int, now: Standing, *, late: bool, named: bool = True) -> bytes:
    """Return one event on the wire; ``named`` ones are what ``Last-Event-ID`` counts."""
    told = {
        "stage": stage,
        "steps": len(STEPS),
        "done": stage >= DONE,
        "late": late,
        "said": said(stage, now.ribbon, late=late),
    }
    name = b"id: %d\n" % stage if named else b""
    return b"event: progress\n" + name + b"data: " + _encode(told) + b"\n\n"


def last_event(given: str) -> int:
    """Return the number in ``Last-Event-ID``; what is none of ours counts as none: -1."""
    return int(given) if _ID.match(given) and int(given) <= DONE else -1
