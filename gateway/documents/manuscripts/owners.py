"""Whose a manuscript is: a member's, or a guest's by their cookie."""

from django.contrib.auth import get_user
from django.http import HttpRequest

from gateway.web.guests import COOKIE, guest_of
from gateway.web.pages import is_signed_in


def new_owner(request: HttpRequest) -> str:
    """Return the key of whoever begins an upload. A guest gets a cookie. Synchronous."""
    member = get_user(request)
    return f"member-{member.pk}" if member.is_authenticated else f"guest-{guest_of(request)}"


def owners(request: HttpRequest) -> tuple[set[str], bool]:
    """Return all keys that the visitor may have had here, and whether they are staff. Synchronous.

    Somebody who signed in after an upload still owns it. Nobody gets a cookie for looking.
    """
    keys = {f"guest-{guest_of(request)}"} if COOKIE in request.COOKIES else set()
    if not is_signed_in(request):
        return keys, False
    member = get_user(request)
    if not member.is_authenticated:
        return keys, False
    return keys | {f"member-{member.pk}"}, member.is_staff
