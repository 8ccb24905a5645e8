"""What goes over the wire: every reply is one of these, checked before it is sent."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST_ITEMS = 24

# Text for people: no control characters other than tab and line breaks.
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Isbn = Annotated[str, Meta(pattern=r"^97[89][0-9]{10}$", description="ISBN-13 without hyphens.")]
MemberId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Amount = Annotated[
    str, Meta(pattern=r"^(0|[1-9][0-9]{0,5})\.[0-9]{2}$", description="Decimal, two places.")
]
Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount of money; a string, so that no reader rounds it."""

    amount: Amount
    currency: Literal["EUR"]


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One recommended book and the reason for it, in words for the member."""

    isbn: Isbn
    title: Words
    author: Words
    price: Price
    reason: Annotated[str, Meta(min_length=1, max_length=300, pattern=PLAIN)]


class Recommendations(Struct, frozen=True, forbid_unknown_fields=True):
    """Books for ``member_id``, the best first; ``null`` is a visitor without a name."""

    member_id: MemberId | None
    strategy: Literal["bought-together", "bestsellers"]
    items: Annotated[tuple[Item, ...], Meta(max_length=MOST_ITEMS)]
    as_of: Annotated[date, Meta(description="The last day whose orders were counted.")]


class Alive(Struct, frozen=True, forbid_unknown_fields=True):
    """The process answers; nothing else is claimed."""

    status: Annotated[str, Meta(pattern="^alive$")] = "alive"
