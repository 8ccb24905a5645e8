"""One look at Postgres for all who watch: however many streams there are, it is one question.

Every gateway asks for itself, so that it does not matter which of them a visitor came to, and there
is nothing that a restart could lose.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.giftwrap.desk import recover
from gateway.giftwrap.models import Job
from gateway.giftwrap.rules import DONE, LATE_SECONDS, LOST_SECONDS
from gateway.runtime import runtime
from gateway.telemetry.logs import log
from gateway.web.threads import in_thread

LOOK_SECONDS = 0.5
BREATH_SECONDS = 0.05
"""Whoever comes is shown at once how things stand; those who come together, together."""

LOOK_TIMEOUT_SECONDS = 2.0
MOST_PAUSE_SECONDS = 5.0
_SQL = f'SELECT id, stage, ribbon, due_at FROM "{Job._meta.db_table}" WHERE id = ANY(%s)'  # noqa: S608


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a job is. ``overdue`` is for how many seconds its step should have been over."""

    stage: int
    ribbon: str
    overdue: float

    @property
    def late(self) -> bool:
        """Whether it waits for hands."""
        return self.stage < DONE and self.overdue > LATE_SECONDS


Look = Callable[[list[UUID]], Awaitable[Mapping[UUID, Standing]]]


class Watch:
    """Knows how the jobs stand that anybody watches. ``look`` asks for them."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._watchers: Counter[UUID] = Counter()
        self._known: dict[UUID, Standing | None] = {}
        self._news = asyncio.Event()
        self._wanted = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return self._watchers.total()

    def watchers_of(self, job: UUID) -> int:
        """Return how many watch this job."""
        return self._watchers[job]

    @contextmanager
    def watching(self, job: UUID) -> Iterator[None]:
        """Have ``job`` looked at for as long as this lasts."""
        self._watchers[job] += 1
        self._wanted.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield
        finally:
            self._leave(job)

    def known(self, job: UUID) -> tuple[bool, Standing | None]:
        """Return whether the job has been looked at, and how it stands; None for no such job."""
        return job in self._known, self._known.get(job)

    async def news(self, seconds: float) -> None:
        """Return after the next look, or after ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _leave(self, job: UUID) -> None:
        self._watchers[job] -= 1
        if self._watchers[job] <= 0:
            del self._watchers[job]
            self._known.pop(job, None)
        if not self._watchers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_on(self) -> None:
        pause = LOOK_SECONDS
        while True:
            self._wanted.clear()
            pause = await self._look_once(pause)
            try:
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(BREATH_SECONDS)

    async def _look_once(self, pause: float) -> float:
        """Look, tell all who wait, and return for how many seconds to wait before the next time."""
        asked = list(self._watchers)
        try:
            found = await self._look(asked)
        except SourceError as error:
            log.warning("giftwrap.unseen", reason=error.reason, watchers=len(self))
            return min(pause * 2, MOST_PAUSE_SECONDS)
        self._known |= {job: found.get(job) for job in asked if job in self._watchers}
        self._news.set()
        self._news = asyncio.Event()
        return LOOK_SECONDS


_watches: "WeakKeyDictionary[asyncio.AbstractEventLoop, Watch]" = WeakKeyDictionary()


def watch() -> Watch:
    """Return the watch of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = Watch(_Eyes().look)
    return _watches[loop]


class _Eyes:
    """Looks into Postgres, and sends for what was left behind."""

    def __init__(self) -> None:
        self._recovered = 0.0

    async def look(self, jobs: list[UUID]) -> dict[UUID, Standing]:
        """Return how the jobs stand that there are. Raises ``SourceError``."""
        deadline = Deadline.after(LOOK_TIMEOUT_SECONDS)
        rows: list[Any] = await runtime().postgres.rows("wrapping", _SQL, (jobs,), deadline)
        now = datetime.now(UTC)
        found = {
            job: Standing(stage, ribbon, (now - due).total_seconds())
            for job, stage, ribbon, due in rows
        }
        if any(each.stage < DONE and each.overdue > LOST_SECONDS for each in found.values()):
            self._recover()
        return found

    def _recover(self) -> None:
        """Look for jobs whose worker died; not more often than they can be lost."""
        now = asyncio.get_running_loop().time()
        if now - self._recovered > LOST_SECONDS:
            self._recovered = now
            runtime().background.spawn(_recovered())


async def _recovered() -> None:
    if number := await in_thread(recover):
        log.warning("giftwrap.recovered", jobs=number)
