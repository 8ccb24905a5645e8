"""Who may see, under a page, how it was made."""

from django.conf import settings
from django.http import HttpRequest

STAFF = "staff"
"""Where in a session stands that its member was staff when it began: a claim, and no more."""


def may_be_shown(request: HttpRequest) -> bool:
    """Whether it is worth while to record: where DEBUG is on, or whoever asks claims to be staff.

    Whether the claim holds, Postgres says, on the page itself.
    """
    return bool(settings.DEBUG or request.session.get(STAFF))
