"""A name for visitors who are nobody's members: a random one, in a signed cookie.

It says who began an upload or a job, and nothing else. A visitor gets it only where there is
something to remember: no page that others may see from a cache asks for it.
"""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE = "guest"
AGE_SECONDS = 30 * 24 * 3600
_FORM = re.compile(r"[0-9a-f]{32}\Z")


def guest_of(request: HttpRequest) -> str:
    """Return the visitor's name, 32 hexadecimal digits; a new one if they have none yet."""
    given = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=AGE_SECONDS)
    if given and _FORM.match(given):
        return given
    if not hasattr(request, "new_guest"):
        request.new_guest = secrets.token_hex(16)  # type: ignore[attr-defined]
    name: str = request.new_guest  # type: ignore[attr-defined]
    return name


def greet(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give a new guest their cookie; for everybody else do nothing."""
    name = getattr(request, "new_guest", None)
    if name is None:
        return
    response.set_signed_cookie(
        COOKIE,
        name,
        salt=COOKIE,
        max_age=AGE_SECONDS,
        secure=settings.HTTPS_ONLY,
        httponly=True,
        samesite="Lax",
    )
    # Whatever the view said: a cache would hand this name to the next visitor.
    response.headers["Cache-Control"] = "no-store"
