"""The worker: takes tasks from Postgres and does them, several at a time, until it is told to end.

The library's own worker claims a task, dies with it, and nobody ever looks at that task again. It
also ends with a stack trace where there is no database yet. So the loop is ours; what runs a task
and notes what came of it is the library's.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db import Error, close_old_connections, transaction
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as LibraryWorker
from django_tasks_db.models import DBTaskResult

from gateway.members.presence import Presence
from gateway.members.recovering import recover, tidy
from gateway.members.tasks import QUEUE as MAIL
from gateway.telemetry.logs import log

RECOVER_SECONDS = 3.0
TIDY_SECONDS = 60.0
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
"""The longest pause between two tries to reach Postgres."""

BACKEND = "default"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a worker works: on which queues, how many at a time, how often it looks (seconds)."""

    queues: tuple[str, ...] = ("default", MAIL)
    at_a_time: int = 4
    interval_seconds: float = 1.0


class Slot:
    """Does one task after the other. Each slot has a sign of life of its own."""

    def __init__(self, manner: Manner, stop: threading.Event) -> None:
        self._manner = manner
        self._stop = stop
        self._presence = Presence()
        self._patience = _Patience()

    def work(self) -> None:
        """Do what there is to do, until ``stop`` is set and the task at hand is done."""
        while not self._stop.is_set():
            busy = self._patience.through(self.once)
            if not busy:
                self._stop.wait(self._patience.seconds or self._manner.interval_seconds)
        self._presence.lose()

    def once(self) -> bool:
        """Do one task; return whether there was one. Raises database errors."""
        close_old_connections()
        try:
            self._presence.hold()
            task = self._claimed()
            if task is not None:
                self._library().run_task(task)
        except Error:
            # What became of the task is not known: under a new name of ours it is a dead worker's.
            self._presence.lose()
            raise
        finally:
            close_old_connections()
        return task is not None

    def _claimed(self) -> "DBTaskResult[..., object] | None":
        ready = DBTaskResult.objects.ready().filter(backend_name=BACKEND)
        if "*" not in self._manner.queues:
            ready = ready.filter(queue_name__in=self._manner.queues)
        with transaction.atomic():
            task = ready.get_locked()
            if task is not None:
                task.claim(self._presence.name)
        return task

    def _library(self) -> LibraryWorker:
        return LibraryWorker(
            queue_names=list(self._manner.queues),
            interval=self._manner.interval_seconds,
            batch=False,
            backend_name=BACKEND,
            startup_delay=False,
            max_tasks=None,
            worker_id=self._presence.name,
            excluded_queue_names=[],
        )


def shared_out(manner: Manner) -> list[Manner]:
    """Return how each slot works: every second one leaves mails to the others.

    A mail server that hangs keeps whoever speaks to it for many seconds.
    """
    others = tuple(queue for queue in manner.queues if queue != MAIL)
    spared = replace(manner, queues=others) if others and "*" not in others else manner
    return [spared if n % 2 else manner for n in range(manner.at_a_time)]


def serve(manner: Manner, asked_to_end: Callable[[], bool]) -> bool:
    """Work until ``asked_to_end()`` is true; return False if part of the worker broke before that.

    This thread looks after what dead workers left; the slots' threads do tasks.
    """
    stop = threading.Event()
    slots = [
        threading.Thread(target=Slot(each, stop).work, name=f"slot-{n}", daemon=True)
        for n, each in enumerate(shared_out(manner))
    ]
    for slot in slots:
        slot.start()
    keeper = _Keeper()
    while not asked_to_end() and all(slot.is_alive() for slot in slots):
        keeper.look()
        time.sleep(LOOK_SECONDS)
    orderly = asked_to_end()
    stop.set()
    for slot in slots:
        slot.join()
    return orderly


def drain(manner: Manner) -> int:
    """Do all that is ready, and what dead workers left, and return how many tasks it was."""
    recover()
    slot, done = Slot(manner, threading.Event()), 0
    while slot.once():
        done += 1
    return done


class _Keeper:
    """Recovers and tidies, each in its own time."""

    def __init__(self) -> None:
        self._patience = _Patience()
        self._recover_at = self._tidy_at = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if now >= self._recover_at:
            self._patience.through(recover)
            self._recover_at = now + (self._patience.seconds or RECOVER_SECONDS)
        if now >= self._tidy_at and not self._patience.seconds:
            self._patience.through(lambda: tidy(timezone.now()))
            self._tidy_at = now + TIDY_SECONDS
        close_old_connections()


class _Patience:
    """Says once that Postgres cannot be used, and for how long to leave it alone each time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def through(self, work: Callable[[], T]) -> T | None:
        """Return what ``work`` returns; None where Postgres failed it."""
        try:
            result = work()
        except Error as error:
            close_old_connections()
            if not self.seconds:
                log.warning("worker.waiting", error=type(error).__name__)
            self.seconds = min(PATIENCE_SECONDS, self.seconds * 2 or 0.25)
            return None
        if self.seconds:
            log.info("worker.goes-on")
            self.seconds = 0.0
        return result
