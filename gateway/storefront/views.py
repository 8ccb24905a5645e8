"""Views of the storefront: each reads, composes, renders; and the drawings that pages name."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import parse_etags

from gateway.aggregation.source import Call
from gateway.members.identity import claim, for_staff, is_staff
from gateway.runtime import runtime
from gateway.storefront.art import drawing_at
from gateway.storefront.plan import AUTHOR_LIST, BOOK_LIST, HOME
from gateway.storefront.presenters import present_authors, present_books, present_home
from gateway.web.facts import call_from
from gateway.web.handler import always_admitted, native
from gateway.web.layout import Layout, Part
from gateway.web.methods import safe_only
from gateway.web.pages import respond, respond_json
from gateway.web.protection import NOTHING
from gateway.web.streamed import as_it_comes

HOME_LAYOUT = Layout(
    template="storefront/home.html",
    present=present_home,
    parts=(
        Part("account", "web/_account.html", ("membership",)),
        Part("greeting", "storefront/_membership.html", ("membership",)),
        Part("offers", "storefront/_promo.html", ("promo",)),
        Part("recommendations", "storefront/_recommendations.html", ("recco", "membership")),
        Part("arrivals", "storefront/_arrivals.html", ("arrivals",)),
    ),
)
RECOMMENDATIONS = 6
MOST_PAGES = 10_000


@native
@safe_only
async def home(request: HttpRequest) -> HttpResponseBase:
    """The home page."""
    call = _home_call(request)
    return await as_it_comes(request, HOME_LAYOUT, HOME, call, is_staff=is_staff)


@native
@safe_only
async def api_home(request: HttpRequest) -> HttpResponse:
    """The home page's composition as JSON."""
    return respond_json(request, await runtime().compose(HOME, _home_call(request)))


@native
@safe_only
async def books(request: HttpRequest) -> HttpResponse:
    """The books, a page at a time; ``?tag=`` and ``?author=`` narrow them."""
    number = _page_number(request)
    tag, author = _slug(request, "tag"), _slug(request, "author")
    call = call_from(request, page=number, tag=tag, author=author, **claim(request))
    page = await runtime().compose(for_staff(BOOK_LIST, request), call)
    context = present_books(page, number, {"tag": tag, "author": author})
    return respond(request, "storefront/books.html", context, page, staff=is_staff(page))


@native
@safe_only
async def authors(request: HttpRequest) -> HttpResponse:
    """The authors, a page at a time."""
    number = _page_number(request)
    call = call_from(request, page=number, **claim(request))
    page = await runtime().compose(for_staff(AUTHOR_LIST, request), call)
    context = present_authors(page, number)
    return respond(request, "storefront/authors.html", context, page, staff=is_staff(page))


@always_admitted
@native
@safe_only
async def drawing(request: HttpRequest) -> HttpResponse:
    """A cover or a poster, at the address that a page of ours gave it.

    Whoever was let in to a page gets its pictures too: they are asked for once, and the edge keeps
    them.
    """
    found = drawing_at(request.path_info, request.META["QUERY_STRING"])
    if found is None:
        raise Http404("There is no such picture.")
    asked = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    response: HttpResponse = HttpResponseNotModified()
    if not (found.is_ours and found.etag in asked):
        response = HttpResponse(found.draw(), content_type="image/svg+xml")
    # Whoever looks at it on its own gets a picture and nothing that runs.
    response.headers["Content-Security-Policy"] = NOTHING
    # The session was asked who may see how a page is made; no drawing is another for anybody.
    request.session.accessed = False
    if found.is_ours:
        response.headers["ETag"] = found.etag
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _home_call(request: HttpRequest) -> Call:
    today: date = timezone.now().date()
    return call_from(request, on=today, limit=RECOMMENDATIONS, **claim(request))


def _page_number(request: HttpRequest) -> int:
    """Return the page that is asked for. What is no page number is no page: 404."""
    given = request.GET.get("page", "1")
    if not (given.isascii() and given.isdigit() and 1 <= len(given) <= 5):
        raise Http404("There is no such page.")
    if not 1 <= int(given) <= MOST_PAGES:
        raise Http404("There is no such page.")
    return int(given)


def _slug(request: HttpRequest, name: str) -> str:
    """Return a word to narrow by, or nothing. What cannot be one is found nowhere: 404."""
    given = request.GET.get(name, "")
    if len(given) > 80 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in given):
        raise Http404("There is no such shelf.")
    return given
