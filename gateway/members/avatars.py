"""Pictures of people: asked of the avatar service for an address, and shown from our own host.

A browser never speaks to the avatar service. It gets a signed address of ours, so that nobody but
who was shown a picture can have us look for one.
"""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from gateway.aggregation.compose import Fragment, Outcome, Plan
from gateway.aggregation.source import Reply
from gateway.members.drawn import portrait
from gateway.members.wording import avatar_hash
from gateway.runtime import runtime
from gateway.sources.picture import Image, Picture
from gateway.web.facts import call_from
from gateway.web.handler import native
from gateway.web.methods import safe_only

SIZE = "160"
SHOWN_SECONDS = 3600
"""For how long an address of a picture is good."""

_SALT = "gateway.members.avatars"

AVATAR = Picture(
    name="avatar",
    service="AVATAR_SERVICE_URL",
    path="/avatar/{hash}",
    query={"d": "404", "s": SIZE},
    asks=("hash",),
    payload=Image | None,
    timeout="AVATAR_TIMEOUT_SECONDS",
    fresh="AVATAR_FRESH_SECONDS",
)
"""The picture that somebody keeps for their address, or None where they keep none."""

PORTRAIT = Plan(
    name="portrait",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("avatar", AVATAR),),
)


def picture_address(email: str) -> str:
    """Return the path on our own host where the picture of ``email`` is shown for an hour."""
    signed = _signer().sign(avatar_hash(email))
    return reverse("avatar", args=[signed])


def picture_of(outcome: Outcome) -> Image | None:
    """Return the picture that there is; None where there is none, or nobody could tell."""
    value: Any = outcome.value if isinstance(outcome, Reply) else None
    return value if isinstance(value, Image) else None


@native
@safe_only
async def avatar(request: HttpRequest, signed: str) -> HttpResponse:
    """Show the picture that ``picture_address`` named; a drawn one where there is none."""
    try:
        known_as = _signer().unsign(signed, max_age=SHOWN_SECONDS)
    except BadSignature:
        raise Http404("There is no such picture.") from None
    page = await runtime().compose(PORTRAIT, call_from(request, hash=known_as))
    image = picture_of(page.outcomes["avatar"])
    if image is None:
        response = HttpResponse(portrait(known_as), content_type="image/svg+xml")
    else:
        response = HttpResponse(image.content, content_type=image.media_type)
    # Whoever looks at it on its own gets a picture and nothing that runs.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = "inline"
    whole = image is not None or page.complete
    response.headers["Cache-Control"] = "private, max-age=600" if whole else "no-store"
    return response


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=_SALT, sep=".")
