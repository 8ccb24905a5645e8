"""What a worker that died left behind is done by another one; what is old is cleared away."""

from datetime import datetime, timedelta

from django.db import transaction
from django_tasks_db.models import DBTaskResult

from gateway.members.letters import remind
from gateway.members.models import Joining, Letter, Member
from gateway.members.presence import is_present
from gateway.members.tasks import again
from gateway.telemetry.logs import log

MOST_LIVES = 5
"""A task that so many workers died of is not given to a further one."""

KEPT = timedelta(days=7)
"""How long tries to join that nobody confirmed, and tasks that are done, are kept."""

LETTERS_KEPT = timedelta(days=90)


class WorkerDied(Exception):
    """The worker died while it did this, again and again."""


def recover() -> int:
    """Give back what dead workers were at, to be done again; return how many tasks these were.

    A task may have done part of its work, so each must bear to be done twice. Raises Django's
    database errors.
    """
    with transaction.atomic():
        running = DBTaskResult.objects.running().select_for_update(skip_locked=True)
        orphans = [task for task in running if not is_present(_worker_of(task))]
        for task in orphans:
            _give_back(task)
    return len(orphans)


def tidy(now: datetime) -> None:
    """See to mails whose task got lost, and clear away what is old. Raises database errors."""
    if found := remind(again, now):
        log.warning("mail.reminded", letters=found)
    old = now - KEPT
    Joining.objects.filter(created_at__lt=old).delete()
    Member.objects.filter(awaits_confirmation=True, joined_at__lt=old, joinings=None).delete()
    Letter.objects.filter(created_at__lt=now - LETTERS_KEPT).delete()
    DBTaskResult.objects.finished().filter(finished_at__lt=old).delete()


def _worker_of(task: "DBTaskResult[..., object]") -> str:
    return str(task.worker_ids[-1]) if task.worker_ids else ""


def _give_back(task: "DBTaskResult[..., object]") -> None:
    lives = len(task.worker_ids)
    if lives >= MOST_LIVES:
        log.error("task.given-up", task=task.task_path, lives=lives)
        task.set_failed(WorkerDied(f"{lives} workers died of it."))
        return
    log.warning("task.recovered", task=task.task_path, lives=lives)
    task.status = "READY"
    task.started_at = None
    task.save(update_fields=["status", "started_at"])
