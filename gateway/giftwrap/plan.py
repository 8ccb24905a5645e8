"""The page of a job: one fragment, without which there is no page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import QuerySet

from gateway.aggregation.compose import Fragment, Plan
from gateway.giftwrap.models import Job
from gateway.sources.orm import Query


class JobRow(msgspec.Struct, frozen=True):
    """What the page needs to know of a job."""

    pk: UUID
    items: tuple[str, ...]
    ribbon: str
    stage: int
    due_at: datetime


def _select(args: Mapping[str, Any]) -> "QuerySet[Job, Any]":
    return Job.objects.filter(pk=args["job"]).values("pk", "items", "ribbon", "stage", "due_at")


def _shape(rows: Sequence[JobRow], args: Mapping[str, Any]) -> JobRow | None:
    return rows[0] if rows else None


WRAPPING = Query(
    name="wrapping",
    asks=("job",),
    select=_select,
    row=JobRow,
    shape=_shape,
    payload=JobRow | None,
    timeout="BOOKS_TIMEOUT_SECONDS",
)

JOB = Plan(
    name="giftwrap",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("wrapping", WRAPPING, primary=True),),
)
