"""Who a visitor is, for what belongs to one: an upload, a job, a message."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from gateway.web.guests import guest_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """``key`` is "member-42" or "guest-" and 32 digits; ``name`` is empty for guests."""

    key: str
    name: str
    is_member: bool
    is_staff: bool


async def visitor_of(request: HttpRequest) -> Visitor:
    """Return who asks, looked up in Postgres where the session claims to be a member's.

    Not for native views: the look-up is Django's own, in a thread.
    """
    member: Any = await request.auser()
    if member.is_authenticated:
        return Visitor(f"member-{member.pk}", member.name, True, member.is_staff)
    return Visitor(f"guest-{guest_of(request)}", "", False, False)
