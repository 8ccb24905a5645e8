"""What goes over the wire: every reply is one of these, checked before it is sent."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Headline = Annotated[str, Meta(min_length=1, max_length=60)]
Body = Annotated[str, Meta(min_length=1, max_length=280)]
ShopPath = Annotated[
    str,
    Meta(
        pattern=r"^/[A-Za-z0-9]([A-Za-z0-9/_?=&.-]*)$",
        max_length=200,
        description="A path inside the shop; never another site.",
    ),
]
ImageUrl = Annotated[str, Meta(pattern=r"^https://", max_length=500)]
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
    image_url: ImageUrl | None
    image_alt: Annotated[str, Meta(max_length=120)]
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
