"""What the first step asks, at once: is the address taken, and is there a picture for it?"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import QuerySet

from gateway.aggregation.compose import Fragment, Plan
from gateway.members.avatars import AVATAR
from gateway.members.models import Member
from gateway.sources.orm import Query


class _Row(msgspec.Struct, frozen=True):
    pk: int


def _select(args: Mapping[str, Any]) -> "QuerySet[Member, Any]":
    # Who has not confirmed the address yet has not taken it.
    return Member.objects.filter(email=args["email"], awaits_confirmation=False).values("pk")


def _shape(rows: Sequence[_Row], args: Mapping[str, Any]) -> bool:
    return bool(rows)


TAKEN = Query(
    name="taken",
    asks=("email",),
    select=_select,
    row=_Row,
    shape=_shape,
    payload=bool,
    timeout="MEMBERS_TIMEOUT_SECONDS",
)
"""Whether an address is a member's. What is said of it to whom is decided in ``steps.py``."""

FIRST_STEP = Plan(
    name="join",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("taken", TAKEN), Fragment("avatar", AVATAR)),
)
