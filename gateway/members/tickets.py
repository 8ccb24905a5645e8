"""Signed words that go out and come back: the address between two steps, and the link in a mail.

Both expire. Neither is a secret to whoever holds it; nobody else can make one.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing

TICKET_SECONDS = 1800
LINK_SECONDS = 3 * 24 * 3600
_TICKET = "gateway.members.ticket"
_LINK = "gateway.members.link"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What step two knows of step one: the address, when it began, and the number of the form."""

    email: str
    began: datetime
    number: uuid.UUID


def issue(email: str, now: datetime) -> str:
    """Return a ticket for an address that was judged at ``now``."""
    said = {"email": email, "began": now.timestamp(), "number": str(uuid.uuid4())}
    return signing.dumps(said, salt=_TICKET)


def read(given: str) -> Ticket | None:
    """Return the ticket; None for what is none of ours, was changed, or is too old."""
    try:
        said = signing.loads(given, salt=_TICKET, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return None
    began = datetime.fromtimestamp(said["began"], UTC)
    return Ticket(said["email"], began, uuid.UUID(said["number"]))


def link_token(joining: uuid.UUID) -> str:
    """Return what the link in the mail about ``joining`` ends with."""
    return _link_signer().sign(joining.hex)


def joining_named(token: str) -> uuid.UUID | None:
    """Return the joining that a link names; None if the link is none of ours, or too old."""
    try:
        return uuid.UUID(_link_signer().unsign(token, max_age=LINK_SECONDS))
    except (signing.BadSignature, ValueError):
        return None


def _link_signer() -> signing.TimestampSigner:
    # A colon in an address is where some mail programs take the link to end.
    return signing.TimestampSigner(salt=_LINK, sep=".")
