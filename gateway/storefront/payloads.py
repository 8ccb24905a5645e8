"""What the storefront needs of each source's reply, and no more.

These types are the contract: a reply that does not fulfil them is no reply. Fields that a service
sends beyond them are passed over.
"""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

# Text for people: bounded, and without control characters other than tab and line breaks.
_PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z"
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
Text = Annotated[str, Meta(max_length=1000, pattern=_PLAIN)]
Link = Annotated[str, Meta(max_length=500, pattern=_PLAIN)]
Isbn = Annotated[str, Meta(pattern=r"^97[89][0-9]{10}\Z")]


class Price(msgspec.Struct, frozen=True):
    """An amount of money: a decimal number as text, and an ISO 4217 code."""

    amount: Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,2})?\Z")]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]


class Campaign(msgspec.Struct, frozen=True):
    """What the banners of a day have in common."""

    id: Line
    name: Line


class Banner(msgspec.Struct, frozen=True):
    """One thing that the shop points at."""

    id: Line
    headline: Line
    href: Link
    body: Text = ""
    image_url: Link | None = None
    image_alt: Text = ""
    discount_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    ends_on: date | None = None


class Promotions(msgspec.Struct, frozen=True):
    """What the promotions service says of a day."""

    on: date
    campaign: Campaign | None
    banners: Annotated[tuple[Banner, ...], Meta(max_length=50)]


class Recommendation(msgspec.Struct, frozen=True):
    """A book for this reader, and why."""

    isbn: Isbn
    title: Line
    author: Line
    price: Price
    reason: Text = ""


class Recommendations(msgspec.Struct, frozen=True):
    """What the recommendation service says for a member, or for a stranger."""

    items: Annotated[tuple[Recommendation, ...], Meta(max_length=24)]
    strategy: Line
    member_id: str | None = None


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
