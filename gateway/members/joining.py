"""Joining in Postgres: a member, a try to become one, and the mail about it, all or nothing.

A stranger must not learn who is a member. So whoever fills in the form gets one and the same
answer, and only the owner of the address, by mail, a different one: a link that opens the account,
or the word that there is one already. Until the link is followed, nobody can sign in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from gateway.members.models import Joining, Letter, Member
from gateway.members.tasks import post_letter
from gateway.members.tickets import Ticket

THIS_INSTANT = timedelta(seconds=60)
"""So long after somebody joined, one who had begun with the same address before is told of it."""

MOST_LETTERS = 4
LETTERS_WITHIN = timedelta(hours=1)
"""More mails than these nobody gets from us, however often strangers type their address."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the visitor chose in the second step, and where links of a mail to them lead to."""

    name: str
    password: str
    origin: str


class Joined(Enum):
    """What came of the second step."""

    DONE = "done"
    """The owner of the address has mail. It says nothing of whether there was a member already."""
    JUST_NOW = "just-now"
    """Somebody else, who had begun at the same time, was first."""


def join(ticket: Ticket, chosen: Chosen) -> Joined:
    """Make the member and owe them a mail, in one transaction. For a thread: hashing takes long.

    The password is hashed whoever it is for, before anybody looks, so that the time that it takes
    tells nothing. A form that is sent twice is done once.
    """
    password = make_password(chosen.password)
    with transaction.atomic():
        newcomer = Member(
            email=ticket.email,
            name=chosen.name,
            password=password,
            is_active=False,
            awaits_confirmation=True,
        )
        # Of two at the same instant, the second waits here for the first, and then does nothing.
        Member.objects.bulk_create([newcomer], ignore_conflicts=True)
        member = Member.objects.select_for_update().filter(email=ticket.email).first()
        if member is None:  # it was there, and its time was over at this instant
            return Joined.JUST_NOW
        if Letter.objects.filter(pk=ticket.number).exists():
            _correct(ticket, newcomer)
            return Joined.DONE
        was_there = not member.awaits_confirmation or member.joinings.exists()
        if was_there and _at_this_instant(member, ticket, timezone.now()):
            return Joined.JUST_NOW
        if _may_write_to(ticket.email):
            joining = _try_of(member, ticket, newcomer) if member.awaits_confirmation else None
            _owe(ticket, joining, chosen.origin)
    return Joined.DONE


class Opened(Enum):
    """What came of following the link."""

    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a word, no password
    NO_MORE = "no-more"
    """The account is open already, or the try is too old."""


def joining_of(number: UUID) -> Joining | None:
    """Return the try with this number, if its link can still open something."""
    return (
        Joining.objects.select_related("member")
        .filter(pk=number, member__awaits_confirmation=True)
        .first()
    )


def open_account(number: UUID, password: str) -> Member | Opened:
    """Open the account for who has the mail (``number`` came with it) and knows the password.

    Both are needed: a stranger who joined with another's address knows a password and has no mail,
    and the owner of the address, who has it, never chose that password.
    """
    with transaction.atomic():
        joining = joining_of(number)
        if joining is None:
            return Opened.NO_MORE
        member = Member.objects.select_for_update().filter(pk=joining.member_id).first()
        if member is None or not member.awaits_confirmation:
            return Opened.NO_MORE
        if not check_password(password, joining.password):
            return Opened.WRONG_PASSWORD
        member.name, member.password = joining.name, joining.password
        member.is_active, member.awaits_confirmation = True, False
        member.save(update_fields=["name", "password", "is_active", "awaits_confirmation"])
        member.joinings.all().delete()
    return member


def _at_this_instant(member: Member, ticket: Ticket, now: datetime) -> bool:
    return ticket.began < member.joined_at and now - member.joined_at < THIS_INSTANT


def _correct(ticket: Ticket, newcomer: Member) -> None:
    """Take what the same form says when it is sent again: its sender may have gone back to it."""
    own = Joining.objects.filter(pk=ticket.number, member__awaits_confirmation=True)
    own.update(name=newcomer.name, password=newcomer.password)


def _may_write_to(email: str) -> bool:
    since = timezone.now() - LETTERS_WITHIN
    return Letter.objects.filter(to=email, created_at__gt=since).count() < MOST_LETTERS


def _try_of(member: Member, ticket: Ticket, newcomer: Member) -> Joining:
    """Keep what this visitor chose; it is the member's own only once the address is confirmed."""
    return Joining.objects.create(
        id=ticket.number, member=member, name=newcomer.name, password=newcomer.password
    )


def _owe(ticket: Ticket, joining: Joining | None, origin: str) -> None:
    """Owe the owner of the address a mail, and have it sent, once all of this is committed."""
    letter = Letter.objects.create(
        id=ticket.number,
        kind=Letter.Kind.WELCOME if joining else Letter.Kind.ALREADY,
        to=ticket.email,
        joining=joining,
        origin=origin,
    )
    # The task is a row in the same database, and comes to be in the same transaction.
    post_letter.enqueue(str(letter.pk))
