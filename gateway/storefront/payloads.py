"""What the storefront needs of each source's reply, and no more.

These types are the contract: a reply that does not fulfil them is no reply. Fields that a service
sends beyond them are passed over. A field with a default is owed all the same: the page forgives
its absence, the trial of a service before its release does not (``docs/contracts.md``, which is
made of what stands here).
"""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

# Text for people: bounded, and without control characters other than tab and line breaks.
_PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z"
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Text = Annotated[str, Meta(max_length=1000, pattern=_PLAIN)]
Link = Annotated[str, Meta(max_length=500, pattern=_PLAIN, extra={"unit": "link"})]
Isbn = Annotated[str, Meta(pattern=r"^97[89][0-9]{10}\Z", extra={"unit": "isbn"})]


def _for(part: str, without: str = "") -> Meta:
    """Say which part of the page needs a field, and what a visitor sees where it is left out."""
    return Meta(description=part, extra={"without": without} if without else {})


NOT_OWED = Meta(extra={"owed": False})
"""Marks a field that some services send, and others not yet: the page shows it where it is there,
and no service is tried for it."""


class Price(msgspec.Struct, frozen=True):
    """An amount of money: a decimal number as text, and an ISO 4217 code."""

    amount: Annotated[
        str,
        Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,2})?\Z", extra={"unit": "money"}),
        _for("The number in a book's price."),
    ]
    currency: Annotated[
        str,
        Meta(pattern=r"^[A-Z]{3}\Z", extra={"unit": "currency"}),
        _for("The sign or the code in a book's price."),
    ]


class Campaign(msgspec.Struct, frozen=True):
    """What the banners of a day have in common."""

    id: Annotated[Line, _for("Not shown; it tells campaigns apart.")]
    name: Annotated[Line, _for("The heading of the front table.")]


class Banner(msgspec.Struct, frozen=True):
    """One thing that the shop points at."""

    id: Annotated[Line, _for("The drawing beside a banner that has no picture is made of it.")]
    headline: Annotated[Line, _for("The heading of a banner.")]
    href: Annotated[Link, _for("The button of a banner; only paths on this site get one.")]
    body: Annotated[Text, _for("The words of a banner.", without="a banner without words")] = ""
    image_url: Annotated[
        Link | None,
        _for("The picture of a banner; only paths on this site.", without="a drawing of ours"),
    ] = None
    image_alt: Annotated[
        Text,
        _for("The picture in words, for who cannot see it.", without="a picture without words"),
    ] = ""
    discount_percent: Annotated[
        Annotated[int, Meta(ge=0, le=100, extra={"unit": "percent"})] | None,
        _for("The discount on a banner; 0 shows none.", without="a banner without its discount"),
    ] = None
    ends_on: Annotated[
        date | None,
        _for("The last day, on a banner.", without="a banner that does not say until when"),
    ] = None
    starts_on: Annotated[
        date | None,
        _for("The first day; not shown, and never after the last one.", without="no difference"),
    ] = None


class Promotions(msgspec.Struct, frozen=True):
    """What the promotions service says of a day."""

    on: Annotated[date, _for("The day that the dates on the banners are told from.")]
    campaign: Annotated[Campaign | None, _for("The heading of the front table; null for none.")]
    banners: Annotated[
        tuple[Banner, ...], Meta(max_length=50), _for("The banners of the front table.")
    ]
    as_of: Annotated[date | None, _for("Since when they lie there.", "no such line"), NOT_OWED] = (
        None
    )


class Recommendation(msgspec.Struct, frozen=True):
    """A book for this reader, and why."""

    isbn: Annotated[Isbn, _for("The cover of a book is drawn from it.")]
    title: Annotated[Line, _for("The title of a book.")]
    author: Annotated[Line, _for("The author of a book.")]
    price: Annotated[Price, _for("The price of a book.")]
    reason: Annotated[Text, _for("Why this book, below it.", without="a book without a reason")] = (
        ""
    )


class Recommendations(msgspec.Struct, frozen=True):
    """What the recommendation service says for a member, or for a stranger."""

    items: Annotated[
        tuple[Recommendation, ...], Meta(max_length=24), _for("The books of the shelf.")
    ]
    strategy: Annotated[Line, _for("The heading of the shelf; bestsellers has its own.")]
    member_id: Annotated[
        str | None,
        _for("Whether the heading says that these were picked for the reader.", "a plain heading"),
    ] = None
    as_of: Annotated[
        date | None, _for("Up to when orders were counted.", "no such line"), NOT_OWED
    ] = None


class BookCard(msgspec.Struct, frozen=True):
    """A book as a list shows it."""

    isbn: str
    title: str
    author: str
    author_slug: str
    price: Price
    published: int
    added_on: date
    blurb: str


class AuthorCard(msgspec.Struct, frozen=True):
    """An author as a list shows it."""

    slug: str
    name: str
    born: int | None
    died: int | None
    country: str
    bio: str
    books: int
