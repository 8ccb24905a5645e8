"""The rule of recurring seasons, and the calendar that is shipped."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from promo_service import campaigns
from promo_service.campaigns import (
    CalendarError,
    PlannedBanner,
    PlannedCampaign,
    load_calendar,
    promotions_on,
    season_around,
)

BOOKS = Path(__file__).parents[2] / "gateway/storefront/seed/books.json"


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 12, 25), None),
        (date(2026, 12, 26), (date(2026, 12, 26), date(2027, 1, 6))),
        (date(2027, 1, 6), (date(2026, 12, 26), date(2027, 1, 6))),
        (date(2027, 1, 7), None),
    ],
)
def test_a_season_across_new_year_includes_both_its_ends(
    day: date, season: tuple[date, date] | None
) -> None:
    assert season_around(day, "12-26", "01-06") == season


def test_a_season_of_one_day_is_that_day() -> None:
    day = date(2026, 4, 23)
    assert season_around(day, "04-23", "04-23") == (day, day)
    assert season_around(day + timedelta(days=1), "04-23", "04-23") is None


def test_a_leap_day_stands_for_the_end_of_february() -> None:
    assert season_around(date(2026, 2, 28), "02-29", "03-01") == (
        date(2026, 2, 28),
        date(2026, 3, 1),
    )
    assert season_around(date(2024, 2, 28), "02-29", "03-01") is None


def test_seasons_at_the_ends_of_time_are_cut_off() -> None:
    assert season_around(date.min, "12-26", "01-06") == (date.min, date(1, 1, 6))
    assert season_around(date.max, "12-26", "01-06") == (date(9999, 12, 26), date.max)


def planned(name: str, starts: str, ends: str) -> PlannedCampaign:
    banner = PlannedBanner(f"{name}-1", "A headline", "A body.", "/books/?tag=sea")
    return PlannedCampaign(name, name, starts, ends, (banner,))


def test_where_campaigns_overlap_the_first_one_wins() -> None:
    both = (planned("first", "11-01", "11-30"), planned("second", "10-01", "12-31"))
    winner = promotions_on(date(2026, 11, 30), both).campaign
    after = promotions_on(date(2026, 12, 1), both).campaign
    assert winner is not None
    assert after is not None
    assert (winner.id, after.id) == ("first", "second")


def test_winter_reads_runs_from_mid_november_to_the_end_of_the_year() -> None:
    day = date(2026, 11, 15)
    while day.year == 2026:
        campaign = promotions_on(day, load_calendar()).campaign
        assert campaign is not None
        assert campaign.id == "winter-reads"
        day += timedelta(days=1)


def test_some_weeks_are_quiet_and_most_are_not() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    quiet = [day for day in days if promotions_on(day, load_calendar()).campaign is None]
    assert 14 <= len(quiet) <= 60


def test_banners_keep_within_their_campaign_and_have_ids_of_their_own() -> None:
    calendar = load_calendar()
    ids = [banner.id for campaign in calendar for banner in campaign.banners]
    assert len(set(ids)) == len(ids)
    for campaign in calendar:
        for banner in campaign.banners:
            for day in filter(None, (banner.starts, banner.ends)):
                written = date.fromisoformat(f"2024-{day}")
                assert season_around(written, campaign.starts, campaign.ends), banner.id


def test_every_link_leads_to_a_tag_that_some_book_has() -> None:
    tags = {tag for book in json.loads(BOOKS.read_bytes()) for tag in book["tags"]}
    links = {banner.href for campaign in load_calendar() for banner in campaign.banners}
    assert links <= {f"/books/?tag={tag}" for tag in tags}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"id": "x"}]', "does not fit"),
        (
            '[{"id": "x", "name": "X", "starts": "02-30", "ends": "03-01", "banners": []}]',
            "02-30, which is no day",
        ),
    ],
)
def test_a_damaged_calendar_is_refused_in_one_sentence(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/campaigns.json").write_text(text)
    monkeypatch.setattr(campaigns.resources, "files", lambda _: tmp_path)
    with pytest.raises(CalendarError, match=says):
        load_calendar()
