"""All pages of the shop that are composed, with the plans that each of them asks for in turn."""

from dataclasses import dataclass
from datetime import date

from gateway.aggregation.compose import Plan
from gateway.chat.plan import ROOM_LIST, ROOM_PAGE
from gateway.giftwrap.plan import JOB
from gateway.members.asking import FIRST_STEP
from gateway.members.avatars import PORTRAIT
from gateway.storefront.plan import AUTHOR_LIST, BOOK_LIST, HOME
from gateway.tour.models import MOST_STOPS
from gateway.tour.payloads import Stop
from gateway.tour.plan import ROUTE, weather_of


@dataclass(frozen=True, slots=True)
class Page:
    """A page by name, the paths that show it, and its plans, asked for one after another.

    All of them share the one deadline of the request.
    """

    name: str
    paths: tuple[str, ...]
    plans: tuple[Plan, ...]


def _longest_tour() -> Plan:
    """Return the plan of the longest tour that there may be: it is made anew for each route."""
    stops = (Stop(f"stop-{n}", "", "", date.min, 0.0, float(n)) for n in range(1, MOST_STOPS + 1))
    return weather_of(tuple(stops))


PAGES = (
    Page("home", ("/", "/api/home"), (HOME,)),
    Page("books", ("/books/",), (BOOK_LIST,)),
    Page("authors", ("/authors/",), (AUTHOR_LIST,)),
    Page("tour", ("/tour/", "/api/tour"), (ROUTE, _longest_tour())),
    Page("join", ("/join/",), (FIRST_STEP,)),
    Page("portrait", ("/avatars/…",), (PORTRAIT,)),
    Page("chat", ("/chat/",), (ROOM_LIST,)),
    Page("chat-room", ("/chat/…/",), (ROOM_PAGE,)),
    Page("giftwrap", ("/giftwrap/…/",), (JOB,)),
)
