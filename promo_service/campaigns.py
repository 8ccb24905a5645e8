"""The calendar of campaigns: which one a day belongs to. Plain code: no clock, no I/O.

Campaigns recur every year. Their days are written ``MM-DD`` and include both ends; an end
that lies before the start means the next year. 29 February stands for the last day of that
month in a year that has no such day. Where campaigns overlap, the one written first wins.
"""

import calendar
from datetime import date
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from promo_service.payloads import (
    Banner,
    Body,
    Campaign,
    Headline,
    Percent,
    Promotions,
    ShopPath,
    Slug,
)

MonthDay = Annotated[str, Meta(pattern="^[0-9]{2}-[0-9]{2}$")]


class CalendarError(Exception):
    """The shipped calendar is wrong; the text says where, in one sentence."""


class PlannedBanner(Struct, frozen=True, forbid_unknown_fields=True):
    """A banner as written in the calendar; its own days, if any, lie within the campaign's."""

    id: Slug
    headline: Headline
    body: Body
    href: ShopPath
    discount_percent: Percent = 0
    image_url: ShopPath | None = None
    image_alt: str = ""
    starts: MonthDay | None = None
    ends: MonthDay | None = None


class PlannedCampaign(Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign as written in the calendar, with the first and last day of its season."""

    id: Slug
    name: Headline
    starts: MonthDay
    ends: MonthDay
    banners: tuple[PlannedBanner, ...]


def load_calendar() -> tuple[PlannedCampaign, ...]:
    """Read and check the shipped calendar; raise :class:`CalendarError` if it is wrong."""
    text = resources.files("promo_service").joinpath("data/campaigns.json").read_bytes()
    try:
        planned = msgspec.json.decode(text, type=tuple[PlannedCampaign, ...])
    except msgspec.ValidationError as exc:
        raise CalendarError(f"data/campaigns.json does not fit: {exc}.") from exc
    for campaign in planned:
        _check_days(campaign)
    return planned


def promotions_on(day: date, planned: tuple[PlannedCampaign, ...]) -> Promotions:
    """What the shop shows on ``day``; without a campaign, nothing."""
    for campaign in planned:
        if season_around(day, campaign.starts, campaign.ends):
            banners = tuple(
                _banner(banner, season)
                for banner in campaign.banners
                if (season := _banner_season(day, banner, campaign))
            )
            return Promotions(day, Campaign(campaign.id, campaign.name), banners)
    return Promotions(day, None, ())


def season_around(day: date, starts: str, ends: str) -> tuple[date, date] | None:
    """The first and last date of the season that ``day`` lies in, or ``None`` outside of it."""
    crosses_new_year = ends < starts
    first_year = day.year
    if crosses_new_year and day < _date_in(day.year, starts):
        first_year -= 1
    first = _date_in(first_year, starts)
    last = _date_in(first_year + crosses_new_year, ends)
    return (first, last) if first <= day <= last else None


def _banner_season(
    day: date, banner: PlannedBanner, campaign: PlannedCampaign
) -> tuple[date, date] | None:
    return season_around(day, banner.starts or campaign.starts, banner.ends or campaign.ends)


def _banner(banner: PlannedBanner, season: tuple[date, date]) -> Banner:
    first, last = season
    return Banner(
        id=banner.id,
        headline=banner.headline,
        body=banner.body,
        href=banner.href,
        image_url=banner.image_url,
        image_alt=banner.image_alt,
        discount_percent=banner.discount_percent,
        starts_on=first,
        ends_on=last,
    )


def _date_in(year: int, month_day: str) -> date:
    """The date in a year; at the ends of what a date can be, the nearest that there is."""
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    month, day = (int(part) for part in month_day.split("-"))
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _check_days(campaign: PlannedCampaign) -> None:
    """Refuse a day that no year has, such as 02-30."""
    parts: tuple[PlannedCampaign | PlannedBanner, ...] = (campaign, *campaign.banners)
    for part in parts:
        for month_day in filter(None, (part.starts, part.ends)):
            try:
                date.fromisoformat(f"2024-{month_day}")  # a leap year: it has every day
            except ValueError as exc:
                raise CalendarError(f"{part.id} names {month_day}, which is no day.") from exc
