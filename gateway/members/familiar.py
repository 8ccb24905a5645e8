"""Whom this browser knows: a member who signed in here before is no stranger to their own address.

A signed cookie holds a keyed hash of the address. It goes to the joining pages alone, and all that
it does is to have these say at once that the address has an account.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

if TYPE_CHECKING:
    from gateway.members.models import Member

COOKIE = "familiar"
AGE_SECONDS = 180 * 24 * 3600
PATH = "/join/"


def remember(response: HttpResponseBase, member: "Member") -> None:
    """Let the browser that gets ``response`` know ``member``, instead of whom it knew before."""
    response.set_signed_cookie(
        COOKIE,
        _mark(member.email),
        salt=COOKIE,
        max_age=AGE_SECONDS,
        path=PATH,
        secure=settings.HTTPS_ONLY,
        httponly=True,
        samesite="Lax",
    )


def knows(request: HttpRequest, email: str) -> bool:
    """Return whether the owner of ``email`` was the last to sign in from this browser."""
    given = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=AGE_SECONDS)
    return given is not None and constant_time_compare(given, _mark(email))


def _mark(email: str) -> str:
    return salted_hmac("gateway.members.familiar", email, algorithm="sha256").hexdigest()
