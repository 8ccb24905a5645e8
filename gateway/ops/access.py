"""Who may come in here: staff, and nobody else."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceError
from gateway.aggregation.source import Call
from gateway.members.identity import MOST_DIGITS, claim
from gateway.members.models import Member, session_hash
from gateway.runtime import runtime
from gateway.sources.orm import Query, orm_source
from gateway.web.facts import facts_of
from gateway.web.pages import cannot_now

ASKING_SECONDS = 0.5
PASS = "ops_pass"  # noqa: S105 - a cookie's name
PASS_SECONDS = 900
"""So long somebody who was staff a moment ago may go on looking while Postgres is down."""

_SALT = "gateway.ops.pass"
_LOOKING = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Who:
    """One of the staff. Where Postgres does not answer, somebody who was so minutes ago."""

    member_id: int
    name: str
    postgres_answers: bool = True

    def __str__(self) -> str:
        return f"{self.name} (member {self.member_id})"


View = Callable[..., Coroutine[Any, Any, HttpResponse]]


def staff_only(*methods: str) -> Callable[[View], View]:
    """Let staff alone ask a view, by ``methods``; its second argument is who it is.

    Postgres is asked each time, over the connection that pages do not use, so that this works
    under any load. Where it does not answer, whoever was let in within the last minutes may look,
    by a signed cookie that holds for the same session; nobody may change anything then.
    """

    def around(view: View) -> View:
        @wraps(view)
        async def guarded(request: HttpRequest, **kwargs: object) -> HttpResponse:
            claimed = claim(request)
            try:
                who = await _ask(claimed) if claimed["member_id"] is not None else None
            except SourceError:
                if (who := _by_pass(request, claimed)) is None:
                    return cannot_now(request, facts_of(request))
            if who is None:
                # Not back to where a form was sent to: only the page itself can be opened.
                return redirect_to_login(reverse("ops"))
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            response = await view(request, who, **kwargs)
            if who.postgres_answers:
                _give_pass(response, claimed, who)
            return response

        return guarded

    return around


class _Row(msgspec.Struct, frozen=True):
    pk: int
    name: str
    is_staff: bool
    password: str
    session_epoch: int


def _select(args: Mapping[str, Any]) -> "QuerySet[Member, Any] | None":
    if len(args["member_id"]) > MOST_DIGITS:
        return None
    found = Member.objects.filter(pk=int(args["member_id"]), is_active=True)
    return found.values("pk", "name", "is_staff", "password", "session_epoch")


def _shape(rows: Sequence[_Row], args: Mapping[str, Any]) -> _Row | None:
    for row in rows:
        expected = session_hash(row.password, row.session_epoch)
        if constant_time_compare(expected, str(args["session_hash"])):
            return row
    return None


_ACCOUNT = Query(
    name="staff",
    asks=("member_id", "session_hash"),
    select=_select,
    row=_Row,
    shape=_shape,
    payload=_Row | None,
    timeout="MEMBERS_TIMEOUT_SECONDS",
)


async def _ask(claimed: Mapping[str, Any]) -> Who | None:
    """Return who it is; None for nobody. Raises ``PermissionDenied`` for a member who is no staff,
    and ``SourceError`` where Postgres does not answer.
    """
    call = Call(Deadline.after(ASKING_SECONDS), claimed)
    row: _Row | None = (await orm_source(_ACCOUNT, runtime().beside)(call)).value
    if row is None:
        return None
    if not row.is_staff:
        raise PermissionDenied
    return Who(row.pk, row.name)


def _give_pass(response: HttpResponse, claimed: Mapping[str, Any], who: Who) -> None:
    held = {"session": claimed["session_hash"], "id": who.member_id, "name": who.name}
    response.set_cookie(
        PASS,
        signing.dumps(held, salt=_SALT),
        max_age=PASS_SECONDS,
        path=reverse("ops"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _by_pass(request: HttpRequest, claimed: Mapping[str, Any]) -> Who | None:
    """Return who held a pass of this very session a moment ago, to look and no more."""
    if request.method not in _LOOKING:
        return None
    try:
        held = signing.loads(request.COOKIES.get(PASS, ""), salt=_SALT, max_age=PASS_SECONDS)
        same = constant_time_compare(str(held["session"]), str(claimed["session_hash"]))
        if same and str(held["id"]) == claimed["member_id"]:
            return Who(int(held["id"]), str(held["name"]), postgres_answers=False)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
    return None
