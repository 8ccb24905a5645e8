"""Views of the chat: the rooms, a room, and the removal of a message by staff."""

from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import reverse

from gateway.aggregation.errors import SourceError
from gateway.chat import store
from gateway.chat.identity import speaker_of
from gateway.chat.models import SLUG_LENGTH
from gateway.chat.plan import ROOM_LIST, ROOM_PAGE
from gateway.chat.presenters import has_room, present_room, present_rooms
from gateway.chat.talk import announce
from gateway.members.identity import claim
from gateway.runtime import runtime
from gateway.telemetry.logs import log
from gateway.web.facts import call_from, facts_of
from gateway.web.guests import guest_of
from gateway.web.handler import native
from gateway.web.methods import safe_only
from gateway.web.pages import cannot_now, is_signed_in, respond

MOST_NUMBER = 2**63 - 1


@native
@safe_only
async def rooms(request: HttpRequest) -> HttpResponse:
    """All rooms."""
    page = await runtime().compose(ROOM_LIST, call_from(request))
    return respond(request, "chat/rooms.html", present_rooms(page), page)


@native
@safe_only
async def room(request: HttpRequest, slug: str) -> HttpResponse:
    """A room with the last that was said there. A guest gets the cookie that he is known by."""
    if len(slug) > SLUG_LENGTH:
        raise Http404("There is no such room.")
    if not is_signed_in(request):
        guest_of(request)
    page = await runtime().compose(ROOM_PAGE, call_from(request, room=slug, **claim(request)))
    if not has_room(page):
        raise Http404("There is no such room.")
    response = respond(request, "chat/room.html", present_room(page), page)
    # It is new at every moment, and may carry somebody's cookie.
    response.headers["Cache-Control"] = "no-store"
    return response


@native
async def remove(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Remove a message, for staff: from all pages, at once."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        speaker = await speaker_of(request)
        if not speaker.is_staff:
            raise PermissionDenied
        if number > MOST_NUMBER or not await store.remove(slug, number):
            raise Http404("There is no such message.")
    except SourceError as error:
        log.warning("chat.not_removed", reason=error.reason)
        return cannot_now(request, facts_of(request))
    log.info("chat.removed", room=slug, number=number, by=speaker.key)
    announce(slug)
    return HttpResponseRedirect(reverse("chat-room", args=[slug]), status=303)
