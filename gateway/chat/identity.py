"""Who speaks: a member by name, a guest by a number. The signed cookies tell, natively asked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db.models import QuerySet
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import constant_time_compare

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call
from gateway.chat.models import NAME_LENGTH, Message
from gateway.chat.text import can_be_seen, one_line
from gateway.members.identity import MOST_DIGITS, claim
from gateway.members.models import Member, session_hash
from gateway.runtime import runtime
from gateway.sources.orm import Query
from gateway.web.guests import guest_of

SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Speaker:
    """``key`` says which visitor it is, ``name`` and ``kind`` are shown to all."""

    key: str
    name: str
    kind: str

    @property
    def is_staff(self) -> bool:
        """Whether they may remove what others said."""
        return self.kind == Message.Kind.STAFF


class Account(msgspec.Struct, frozen=True):
    """What the chat needs to know of a member."""

    member_id: int
    name: str
    is_staff: bool


class _Row(msgspec.Struct, frozen=True):
    pk: int
    name: str
    is_staff: bool
    password: str
    session_epoch: int


def _select(args: Mapping[str, Any]) -> "QuerySet[Member, Any] | None":
    member_id = args["member_id"]
    if member_id is None or len(member_id) > MOST_DIGITS:
        return None
    found = Member.objects.filter(pk=int(member_id), is_active=True)
    return found.values("pk", "name", "is_staff", "password", "session_epoch")


def _shape(rows: Sequence[_Row], args: Mapping[str, Any]) -> Account | None:
    for row in rows:
        expected = session_hash(row.password, row.session_epoch)
        if constant_time_compare(expected, str(args["session_hash"])):
            return Account(row.pk, row.name, row.is_staff)
    return None


ACCOUNT = Query(
    name="chat-account",
    asks=("member_id", "session_hash"),
    select=_select,
    row=_Row,
    shape=_shape,
    payload=Account | None,
    timeout="MEMBERS_TIMEOUT_SECONDS",
)
"""The member who speaks, or None for a stranger. Without Postgres nobody is taken for a guest."""


def request_of(scope: Mapping[str, Any]) -> HttpRequest:
    """Return what is known of a WebSocket's visitor as a request: its cookies and its session."""
    request = HttpRequest()
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    request.COOKIES = parse_cookie(header.decode("latin1"))
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return request


async def speaker_of(request: HttpRequest) -> Speaker:
    """Return who asks. Raises ``SourceError`` where they claim to be a member and nobody can tell.

    A guest without a cookie gets one if ``request`` is one that has a response.
    """
    call = Call(Deadline.after(SECONDS), claim(request))
    if call.args["member_id"] is None:
        return guest(guest_of(request))
    account: Account | None = (await runtime().source(ACCOUNT)(call)).value
    return guest(guest_of(request)) if account is None else member(account)


def member(account: Account) -> Speaker:
    """Return how a member speaks."""
    kind = Message.Kind.STAFF if account.is_staff else Message.Kind.MEMBER
    name = one_line(account.name)[:NAME_LENGTH]
    name = name if can_be_seen(name) else f"Member {account.member_id}"
    return Speaker(f"member-{account.member_id}", name, kind.value)


def guest(key: str) -> Speaker:
    """Return how a guest speaks: by a number that does not give away the cookie."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 9000 + 1000
    return Speaker(f"guest-{key}", f"Guest {number}", Message.Kind.GUEST.value)
