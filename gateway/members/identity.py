"""Who is asking: what the session claims, and what Postgres says of the claim.

The session lies in a signed cookie, so that the claim costs no question to anybody. Whether it
still holds is asked beside the services of the page, never before them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from gateway.members.models import Member, session_hash
from gateway.sources.orm import Query
from gateway.sources.switches import purge_here

MOST_DIGITS = 19
"""Of an id: no bigint has more, and Python itself refuses to read numbers of some thousands."""


class Membership(msgspec.Struct, frozen=True):
    """What a page needs to know of the member who looks at it."""

    member_id: int
    name: str


class _Row(msgspec.Struct, frozen=True):
    pk: int
    name: str
    password: str
    session_epoch: int


def claim(request: HttpRequest) -> Mapping[str, Any]:
    """Return what the session claims: ``member_id`` and ``session_hash``, both None for strangers.

    The cookie is signed by us; still, what is in it is taken for a claim and no more.
    """
    member_id = request.session.get(SESSION_KEY)
    if not (isinstance(member_id, str) and member_id.isascii() and member_id.isdigit()):
        return {"member_id": None, "session_hash": None}
    return {"member_id": member_id, "session_hash": request.session.get(HASH_SESSION_KEY, "")}


def _select(args: Mapping[str, Any]) -> "QuerySet[Member, Any] | None":
    member_id = args["member_id"]
    if member_id is None or len(member_id) > MOST_DIGITS:
        return None
    found = Member.objects.filter(pk=int(member_id), is_active=True)
    return found.values("pk", "name", "password", "session_epoch")


def _shape(rows: Sequence[_Row], args: Mapping[str, Any]) -> Membership | None:
    for row in rows:
        expected = session_hash(row.password, row.session_epoch)
        if constant_time_compare(expected, str(args["session_hash"])):
            return Membership(row.pk, row.name)
    return None


MEMBERSHIP = Query(
    name="membership",
    asks=("member_id", "session_hash"),
    needs="member_id",
    select=_select,
    row=_Row,
    shape=_shape,
    payload=Membership | None,
    fallback=None,
    timeout="MEMBERS_TIMEOUT_SECONDS",
    fresh="MEMBERS_FRESH_SECONDS",
    private=True,
)
"""The member who is asking, or None for a stranger. What proves the session stays in here.

For a few seconds a gateway believes what it was told: whoever walks through the shop is not looked
up for each page, and a session that was ended elsewhere is worthless that much later.
"""


def end_all_sessions(sender: object, user: Member | None, **kwargs: object) -> None:
    """Make every session that the member has worthless: a signed cookie cannot be taken back."""
    if user is not None:
        Member.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        forget_members()


def forget_members(**kwargs: object) -> None:
    """Believe nothing any more that this gateway was told of members."""
    purge_here(MEMBERSHIP.name)
