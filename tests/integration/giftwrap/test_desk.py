"""The wrapping table in a real Postgres: nothing is lost, nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from gateway.giftwrap import desk
from gateway.giftwrap.desk import TableFull, TooMany, begin, clear_away, recover, wrap
from gateway.giftwrap.models import Job
from gateway.giftwrap.rules import DONE, LOST_SECONDS, order

pytestmark = pytest.mark.django_db


def begun(items: str = "a,b", visitor: str = "guest-1", *, newcomer: bool = False) -> Job:
    """A job for these things."""
    return begin(order([items], ""), visitor, newcomer=newcomer)


def ready() -> list[DBTaskResult]:
    """Tasks that wait for a worker."""
    return list(DBTaskResult.objects.filter(status=TaskResultStatus.READY))


def work_off(*, most: int = 50) -> int:
    """Do what a worker would, without waiting for the time to come; return how many tasks."""
    for number in range(most):
        waiting = ready()
        if not waiting:
            return number
        waiting[0].claim("worker")
        wrap.call(*waiting[0].args_kwargs["args"])
        waiting[0].set_successful(None)
    return most


def test_a_job_goes_through_all_its_steps_and_ends() -> None:
    job = begun()
    assert work_off() == DONE
    job.refresh_from_db()
    assert job.stage == DONE
    assert job.finished_at is not None


def test_the_same_order_of_the_same_visitor_is_the_same_job() -> None:
    first = begun()
    assert begun().pk == first.pk
    assert begun(visitor="guest-2").pk != first.pk
    work_off()
    assert begun().pk == first.pk
    Job.objects.update(finished_at=timezone.now() - timedelta(seconds=desk.SAME_SECONDS + 1))
    assert begun().pk != first.pk


def test_a_task_that_runs_twice_does_its_step_once() -> None:
    job = begun()
    wrap.call(str(job.pk), 0)
    wrap.call(str(job.pk), 0)
    job.refresh_from_db()
    assert job.stage == 1
    assert len(ready()) == 2  # the first one, which was called by hand, and that of the next step


def test_a_killed_workers_job_goes_on() -> None:
    job = begun()
    ready()[0].claim("killed")
    assert recover() == 0
    past = timezone.now() - timedelta(seconds=max(LOST_SECONDS, desk.RUNNING_SECONDS) + 1)
    Job.objects.update(due_at=past)
    DBTaskResult.objects.update(started_at=past)
    assert recover() == 1
    assert recover() == 0
    work_off()
    job.refresh_from_db()
    assert job.stage == DONE


def test_what_only_waits_for_a_worker_is_not_sent_again() -> None:
    begun()
    Job.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert recover() == 0
    assert len(ready()) == 1


def test_a_visitor_has_so_many_and_no_more() -> None:
    for number in range(desk.MOST_PER_VISITOR):
        begun(str(number))
    with pytest.raises(TooMany):
        begun("one more")
    assert begun("0")
    work_off()
    assert begun("one more")


def test_newcomers_leave_room_for_others(monkeypatch: Any) -> None:
    monkeypatch.setattr(desk, "MOST_FOR_NEWCOMERS", 1)
    monkeypatch.setattr(desk, "MOST_ALTOGETHER", 2)
    begun(visitor="guest-1", newcomer=True)
    with pytest.raises(TableFull):
        begun(visitor="guest-2", newcomer=True)
    begun(visitor="guest-3")
    with pytest.raises(TableFull):
        begun(visitor="guest-4")


def test_yesterdays_jobs_are_removed_and_make_room(monkeypatch: Any) -> None:
    monkeypatch.setattr(desk, "MOST_ALTOGETHER", 1)
    old = begun()
    Job.objects.update(created_at=timezone.now() - timedelta(hours=25))
    begun(visitor="guest-2")
    assert not Job.objects.filter(pk=old.pk).exists()
    assert clear_away() == 0
