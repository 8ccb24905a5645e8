"""What templates are given: frozen values, and what an outcome comes to on a page."""

from dataclasses import dataclass
from typing import Any, assert_never

from gateway.aggregation.compose import Composition, Failed, Outcome
from gateway.aggregation.source import State
from gateway.storefront.wording import ago

_PARTS = {
    "promo": "offers",
    "recco": "recommendations",
    "membership": "members’ accounts",
    "arrivals": "new arrivals",
    "books": "books",
    "authors": "authors",
}
"""What visitors call the fragments."""


@dataclass(frozen=True, slots=True)
class Part:
    """What there is of a fragment: its value, or ``broken``, or ``pending``: it may still come.

    ``since`` tells that it is older.
    """

    value: Any
    broken: bool = False
    since: str = ""
    pending: bool = False


PENDING = Part(None, pending=True)


@dataclass(frozen=True, slots=True)
class BannerView:
    """A banner: ``href`` and ``image`` are paths on this site or None; ``art`` is our drawing's."""

    number: int
    headline: str
    body: str
    href: str | None
    image: str | None
    image_alt: str
    art: str
    discount: int | None
    until: str


@dataclass(frozen=True, slots=True)
class BookView:
    """A book on a shelf of any kind; what a shelf does not know is empty.

    ``cover`` is the path of its picture; ``seen_first`` says that it stands at the top of a page.
    """

    cover: str
    title: str
    author: str
    price: str
    shelf: str = ""
    reason: str = ""
    blurb: str = ""
    published: str = ""
    day: int = 0
    month: str = ""
    iso_date: str = ""
    seen_first: bool = False


@dataclass(frozen=True, slots=True)
class AuthorView:
    """An author in the list."""

    name: str
    initial: str
    about: str
    bio: str
    books: int
    shelf: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A shelf that one can go to."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a paged list we are; ``before`` and ``after`` are queries, or empty."""

    number: int
    last: int
    before: str
    after: str


def part_of(outcome: Outcome | None) -> Part:
    """Return what an outcome has to show. A fallback stands for nothing: broken.

    There is no outcome yet where a page comes bit by bit.
    """
    if outcome is None:
        return PENDING
    if isinstance(outcome, Failed):
        return Part(None, broken=True)
    match outcome.state:
        case State.LIVE | State.FRESH:
            return Part(outcome.value)
        case State.STALE:
            return Part(outcome.value, since=ago(outcome.age))
        case State.FALLBACK:
            return Part(None, broken=True)
        case _:
            assert_never(outcome.state)


def provenance_of(page: Composition) -> dict[str, Any]:
    """Return for the curious what of the page is missing, and what is from earlier."""
    parts = {_PARTS.get(name, name): part_of(outcome) for name, outcome in page.outcomes.items()}
    return {
        "complete": page.complete,
        "missing": ", ".join(name for name, part in parts.items() if part.broken),
        "earlier": ", ".join(name for name, part in parts.items() if part.since),
    }
