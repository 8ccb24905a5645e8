"""What goes over the wire: every reply is one of these, checked before it is sent."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

# Text for people: no control characters other than tab and line breaks.
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Headline = Annotated[str, Meta(min_length=1, max_length=60, pattern=PLAIN)]
Body = Annotated[str, Meta(min_length=1, max_length=280, pattern=PLAIN)]
ShopPath = Annotated[
    str,
    Meta(
        pattern=r"^/[A-Za-z0-9]([A-Za-z0-9/_?=&.-]*)$",
        max_length=200,
        description="A path inside the shop; never another site.",
    ),
]
Percent = Annotated[int, Meta(ge=0, le=100, description="0 means no discount.")]


class Campaign(Struct, frozen=True, forbid_unknown_fields=True):
    """The theme of a stretch of the year."""

    id: Slug
    name: Headline


class Banner(Struct, frozen=True, forbid_unknown_fields=True):
    """One picture-sized message; the dates are the first and the last day that it is shown."""

    id: Slug
    headline: Headline
    body: Body
    href: ShopPath
    image_url: ShopPath | None
    image_alt: Annotated[str, Meta(max_length=120, pattern=PLAIN)]
    discount_percent: Percent
    starts_on: date
    ends_on: date


class Promotions(Struct, frozen=True, forbid_unknown_fields=True):
    """What the shop shows on the day ``on``; without a campaign there are no banners."""

    on: date
    campaign: Campaign | None
    banners: Annotated[tuple[Banner, ...], Meta(max_length=12)]


class Alive(Struct, frozen=True, forbid_unknown_fields=True):
    """The process answers; nothing else is claimed."""

    status: Annotated[str, Meta(pattern="^alive$")] = "alive"
