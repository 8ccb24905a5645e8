"""The pages of joining: an address, then a name and a password, then a look into the mail."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from gateway.aggregation.compose import Composition
from gateway.aggregation.source import Reply
from gateway.members import familiar, throttle, tickets
from gateway.members.asking import FIRST_STEP
from gateway.members.avatars import picture_address, picture_of
from gateway.members.drawn import portrait
from gateway.members.forms import AddressForm, MemberForm, OpeningForm
from gateway.members.joining import Chosen, Joined, Opened, join, joining_of, open_account
from gateway.members.models import Member
from gateway.members.throttle import client_of, spent, too_often
from gateway.members.tickets import Ticket
from gateway.members.wording import avatar_hash
from gateway.runtime import runtime
from gateway.web.facts import call_from
from gateway.web.pages import is_signed_in, respond
from gateway.web.threads import in_thread

TOO_OLD = "That took a little too long, so we have to begin again. Nothing was sent."
JUST_NOW = (
    "Somebody has joined with this address this very moment. If that was you, in another window, "
    "look into your mail; the account is made."
)
WRONG = "That is not the password that was chosen with this link. It may be mistyped."
_SENT = "joined"
_SENT_SECONDS = 900
_BACKEND = "django.contrib.auth.backends.ModelBackend"


async def join_page(request: HttpRequest) -> HttpResponse:
    """Ask for an address; on POST, take it, or what the second step says."""
    if request.method in ("GET", "HEAD"):
        if is_signed_in(request):
            return _see("/")
        return _page(request, "join.html", {"form": AddressForm()})
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    return await (_second(request) if "ticket" in request.POST else _first(request))


async def welcome(request: HttpRequest) -> HttpResponse:
    """Say where to look next. It is the same for everybody who has come through both steps."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    to = request.get_signed_cookie(_SENT, default="", salt=_SENT, max_age=_SENT_SECONDS)
    return _page(request, "look.html", {"to": to, "stand_in": "email" in settings.STANDINS})


async def open_page(request: HttpRequest, token: str) -> HttpResponse:
    """Open the account that the link in a mail names. Only the form does it: programs follow links
    in mails too, and read them.
    """
    number = tickets.joining_named(token)
    joining = await in_thread(joining_of, number) if number else None
    if number is None or joining is None:
        return _page(request, "gone.html", {}, status=410)
    if request.method in ("GET", "HEAD"):
        return _page(request, "open.html", {"form": OpeningForm(), "email": joining.member.email})
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if await spent(throttle.OPENING, number.hex):
        return too_often(throttle.OPENING)
    form = OpeningForm(request.POST)
    if form.is_valid():
        opened = await in_thread(_open, request, number, form.cleaned_data["password"])
        if isinstance(opened, HttpResponse):
            return opened
        form.add_error("password", WRONG)
    return _page(request, "open.html", {"form": form, "email": joining.member.email})


async def _first(request: HttpRequest) -> HttpResponse:
    if await spent(throttle.LOOKING, client_of(request)):
        return too_often(throttle.LOOKING)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, "join.html", {"form": form})
    email = form.cleaned_data["email"]
    if await spent(throttle.LOOKING_AT, email):
        return too_often(throttle.LOOKING_AT)
    page = await _asked(request, email)
    taken = page.outcomes["taken"]
    if isinstance(taken, Reply) and taken.value and familiar.knows(request, email):
        return _page(request, "join.html", {"form": form, "yours": True})
    ticket = tickets.issue(email, timezone.now())
    return _second_page(request, page, MemberForm(email=email), (email, ticket))


async def _second(request: HttpRequest) -> HttpResponse:
    given = str(request.POST.get("ticket", ""))
    ticket = tickets.read(given)
    if ticket is None:
        return _page(request, "join.html", {"form": AddressForm(), "said": TOO_OLD}, status=400)
    if await spent(throttle.JOINING, client_of(request)):
        return too_often(throttle.JOINING)
    form = MemberForm(request.POST, email=ticket.email)
    # The list of common passwords is read from a file, so this is no work for the loop.
    if await in_thread(form.is_valid):
        said = form.cleaned_data
        origin = f"{request.scheme}://{request.get_host()}"
        # Once begun it goes on to its end, whether the visitor waits for it or not.
        joined = await in_thread(join, ticket, Chosen(said["name"], said["password"], origin))
        if joined is Joined.DONE:
            return _sent(ticket)
        form.add_error(None, JUST_NOW)
    page = await _asked(request, ticket.email)
    response = _second_page(request, page, form, (ticket.email, given))
    response.status_code = 409 if form.non_field_errors() else 200
    return response


async def _asked(request: HttpRequest, email: str) -> Composition:
    call = call_from(request, email=email, hash=avatar_hash(email))
    return await runtime().compose(FIRST_STEP, call)


def _second_page(
    request: HttpRequest, page: Composition, form: MemberForm, known: tuple[str, str]
) -> HttpResponse:
    """Return the second step. Of what was asked, it shows the picture alone."""
    email, ticket = known
    picture = picture_of(page.outcomes["avatar"])
    context: dict[str, Any] = {
        "form": form,
        "email": email,
        "ticket": ticket,
        "picture": picture_address(email) if picture else "",
        "portrait": portrait(avatar_hash(email)),
        "late": not isinstance(page.outcomes["avatar"], Reply),
        "stand_in": "avatar" in settings.STANDINS,
    }
    response = respond(request, "members/join_member.html", context, page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _sent(ticket: Ticket) -> HttpResponse:
    response = _see(reverse("join-welcome"))
    response.set_signed_cookie(
        _SENT,
        ticket.email,
        salt=_SENT,
        max_age=_SENT_SECONDS,
        path=reverse("join-welcome"),
        secure=settings.HTTPS_ONLY,
        httponly=True,
        samesite="Lax",
    )
    return response


def _open(request: HttpRequest, number: Any, password: str) -> HttpResponse | None:
    """Open the account and sign its owner in; None for a wrong password. For a thread."""
    opened = open_account(number, password)
    if isinstance(opened, Member):
        login(request, opened, backend=_BACKEND)
        response = _see(settings.LOGIN_REDIRECT_URL)
        familiar.remember(response, opened)
        return response
    return None if opened is Opened.WRONG_PASSWORD else _page(request, "gone.html", {}, status=410)


def _see(path: str) -> HttpResponse:
    """Return the way to another page that is to be fetched, not sent to (RFC 9110, 15.4.4)."""
    response = HttpResponseRedirect(path)
    response.status_code = 303
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = {"signed_in": is_signed_in(request), **context}
    html = render_to_string(f"members/{template}", context, request)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
