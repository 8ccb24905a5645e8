"""The wrapping table: beginning a job, taking it a step further, finding what was left behind.

All of it is synchronous and in transactions: a step and the task for the next one are written
together or not at all, so that neither a killed worker nor a task that runs twice can lose a step
or do it twice.
"""

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from gateway.giftwrap.models import Job
from gateway.giftwrap.rules import DONE, LOST_SECONDS, STEP_SECONDS, Order

MOST_PER_VISITOR = 3
MOST_ALTOGETHER = 200
MOST_FOR_NEWCOMERS = 100
"""Whoever has no cookie yet finds half of the table: a flood of them leaves room for others."""

SAME_SECONDS = 60
"""So long after a job is done, the same order shows it instead of beginning another."""

KEPT = timedelta(hours=24)
TASKS_KEPT = timedelta(hours=1)
RUNNING_SECONDS = 60
"""A task of ours takes milliseconds: one that runs for so long belongs to a worker that died."""

RECOVERED_AT_ONCE = 20
_TABLE_LOCK = 0x67696674
"""A number of our own among Postgres' advisory locks."""


class TooMany(Exception):
    """The visitor has as many jobs under way as may be."""


class TableFull(Exception):
    """As many jobs are under way as may be."""


@transaction.atomic
def begin(wanted: Order, visitor: str, *, newcomer: bool) -> Job:
    """Return the visitor's job for this order: the one there is, or a new one.

    Raises ``TooMany`` or ``TableFull``. Whoever begins one waits for the others who do, so that two
    requests at once do not make two jobs.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TABLE_LOCK])
    if (known := _known(wanted, visitor)) is not None:
        return known
    _judge(visitor, newcomer=newcomer)
    now = timezone.now()
    job = Job(visitor=visitor, order_key=wanted.key, items=list(wanted.items))
    job.ribbon, job.created_at = wanted.ribbon, now
    job.due_at = now
    job.task_id = UUID(wrap.enqueue(str(job.pk), job.stage).id)
    job.save(force_insert=True)
    return job


def _known(wanted: Order, visitor: str) -> Job | None:
    job = Job.objects.filter(visitor=visitor, order_key=wanted.key).order_by("-created_at").first()
    recently = timezone.now() - timedelta(seconds=SAME_SECONDS)
    if job is None or (job.finished_at is not None and job.finished_at < recently):
        return None
    return job


def _judge(visitor: str, *, newcomer: bool) -> None:
    under_way = Job.objects.filter(finished_at=None)
    if under_way.filter(visitor=visitor).count() >= MOST_PER_VISITOR:
        raise TooMany
    if under_way.count() >= (MOST_FOR_NEWCOMERS if newcomer else MOST_ALTOGETHER):
        # What nobody has worked at for a day goes before anybody is turned away for it.
        if not clear_away():
            raise TableFull
        _judge(visitor, newcomer=newcomer)


@task()
def wrap(job: str, stage: int) -> None:
    """Take a job from ``stage`` to the next; a job that is not there (any more) is left alone.

    A step takes its time, but no worker's: the task for the next one is not due before.
    """
    if _advanced(job, stage) >= DONE:
        clear_away()
        recover()


@transaction.atomic
def _advanced(job: str, stage: int) -> int:
    """Take the job further if it is at ``stage``; return where it then is, or -1."""
    found = Job.objects.select_for_update().filter(pk=job, stage=stage, finished_at=None).first()
    if found is None:
        return -1
    _advance(found)
    return found.stage


def _advance(job: Job) -> None:
    now = timezone.now()
    job.stage += 1
    if job.stage >= DONE:
        job.finished_at, job.task_id = now, None
    else:
        job.due_at = now + timedelta(seconds=STEP_SECONDS)
        onwards = wrap.using(run_after=job.due_at)
        job.task_id = UUID(onwards.enqueue(str(job.pk), job.stage).id)
    job.save()


@transaction.atomic
def recover() -> int:
    """Give jobs whose task was lost another one; return how many.

    A task is lost when its worker was killed while it ran, or when it failed. One that still waits
    for a worker is not: it would only wait twice.
    """
    lost = timezone.now() - timedelta(seconds=LOST_SECONDS)
    late = Job.objects.select_for_update(skip_locked=True).filter(finished_at=None, due_at__lt=lost)
    found = [job for job in late.order_by("due_at")[:RECOVERED_AT_ONCE] if _is_lost(job)]
    for job in found:
        job.task_id = UUID(wrap.enqueue(str(job.pk), job.stage).id)
        job.due_at = timezone.now()
        job.save(update_fields=["task_id", "due_at"])
    return len(found)


def _is_lost(job: Job) -> bool:
    known = DBTaskResult.objects.filter(pk=job.task_id).first() if job.task_id else None
    if known is None:
        return True
    if known.status == TaskResultStatus.RUNNING and known.started_at is not None:
        silent: timedelta = timezone.now() - known.started_at
        return silent > timedelta(seconds=RUNNING_SECONDS)
    return bool(known.status != TaskResultStatus.READY)


def clear_away() -> int:
    """Remove jobs of yesterday, and what is left of their tasks; return how many jobs."""
    now = timezone.now()
    ours = DBTaskResult.objects.finished().filter(task_path=wrap.module_path)
    ours.filter(finished_at__lt=now - TASKS_KEPT).delete()
    return Job.objects.filter(created_at__lt=now - KEPT).delete()[0]
