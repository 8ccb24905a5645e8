"""The wire contract of the promotions service."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import msgspec
import pytest

from promo_service.app import MAX_AGE_SECONDS, app, checked, create_app, max_age_seconds
from promo_service.payloads import Campaign, Promotions
from tests.services.asking import PROMOTIONS, ask, refused_parameters


async def promotions(on: str) -> Promotions:
    reply = await ask(app, f"{PROMOTIONS}?on={on}")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    return msgspec.json.decode(reply.content, type=Promotions)


async def test_winter_reads_looks_as_the_contract_shows_it() -> None:
    reply = await ask(app, f"{PROMOTIONS}?on=2026-11-20")
    payload = reply.json()
    banner = payload["banners"][0]
    assert payload["on"] == "2026-11-20"
    assert payload["campaign"] == {"id": "winter-reads", "name": "Winter reads"}
    assert banner.pop("body")
    assert banner == {
        "id": "wr-1",
        "headline": "Long nights, long novels",
        "href": "/books/?tag=winter",
        "image_url": None,
        "image_alt": "",
        "discount_percent": 20,
        "starts_on": "2026-11-15",
        "ends_on": "2026-12-31",
    }


@pytest.mark.parametrize("year", [2024, 2026])
async def test_every_day_of_the_year_is_answered_with_banners_that_are_on(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        payload = await promotions(day.isoformat())
        assert payload.on == day
        assert all(banner.starts_on <= day <= banner.ends_on for banner in payload.banners)
        assert len(payload.banners) in ((2, 3, 4) if payload.campaign else (0,))
        assert len({banner.id for banner in payload.banners}) == len(payload.banners)
        day += timedelta(days=1)


async def test_a_quiet_day_has_no_campaign_and_no_banners() -> None:
    reply = await ask(app, f"{PROMOTIONS}?on=2026-05-15")
    assert reply.json() == {"on": "2026-05-15", "campaign": None, "banners": []}


async def test_a_season_across_new_year_has_the_dates_of_both_years() -> None:
    payload = await promotions("2027-01-02")
    assert payload.banners[0].starts_on == date(2026, 12, 26)
    assert payload.banners[0].ends_on == date(2027, 1, 6)


@pytest.mark.parametrize(
    ("on", "last"), [("2024-02-29", 29), ("2024-02-28", 29), ("2026-02-28", 28)]
)
async def test_february_ends_when_the_year_says_so(on: str, last: int) -> None:
    payload = await promotions(on)
    assert payload.campaign is not None
    assert payload.campaign.id == "short-month"
    assert payload.banners[0].ends_on.day == last


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31", "1900-02-28", "0001-12-31"])
async def test_the_ends_of_the_calendar_are_answered(on: str) -> None:
    assert (await promotions(on)).campaign is not None


MALFORMED = [
    *("", "today", "20261120", "2026-W47-5", "2026-11-31", "2025-02-29", "2026-1-2", "0000-01-01"),
    *("2026-11-20T00:00:00Z", " 2026-11-20", "2026-11-20\n", "2026-11-20\x00", "２０２６-11-20"),
    *("-2026-11-20", "12026-11-20", "null", "1", "2026-11-20\r\nSet-Cookie: a=b", "\N{BOOKS}"),
]


@pytest.mark.parametrize("on", MALFORMED)
async def test_a_malformed_date_gets_422_that_names_it(on: str) -> None:
    assert await refused_parameters(app, f"{PROMOTIONS}?on={quote(on)}") == ["on"]


async def test_a_repeated_date_gets_422_even_if_it_is_the_same() -> None:
    assert await refused_parameters(app, f"{PROMOTIONS}?on=2026-11-20&on=2026-11-20") == ["on"]


async def test_unknown_parameters_are_named_together_with_what_is_allowed() -> None:
    assert await refused_parameters(app, f"{PROMOTIONS}?On=2026-11-20&limit=6") == ["On", "limit"]
    reply = await ask(app, f"{PROMOTIONS}?limit=6")
    assert "allowed: on" in reply.json()["detail"]


def at(hour: int, minute: int, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 12, 31, hour, minute, second, microsecond, tzinfo=UTC)


async def test_on_defaults_to_the_day_of_the_clock() -> None:
    reply = await ask(create_app(now=lambda: at(23, 59, 30)), PROMOTIONS)
    assert reply.json()["on"] == "2026-12-31"
    assert reply.headers["cache-control"] == "public, max-age=30"


async def test_an_answer_for_a_named_day_may_be_kept_past_midnight() -> None:
    late = create_app(now=lambda: at(23, 59, 30))
    reply = await ask(late, f"{PROMOTIONS}?on=2026-12-31")
    assert reply.headers["cache-control"] == f"public, max-age={MAX_AGE_SECONDS}"


@pytest.mark.parametrize(
    ("now", "seconds"),
    [(at(0, 0), 300), (at(23, 55), 300), (at(23, 55, 1), 299), (at(23, 59, 59, 1), 0)],
)
def test_an_answer_for_today_never_outlives_the_day(now: datetime, seconds: int) -> None:
    assert max_age_seconds(False, now) == seconds


def test_a_payload_that_does_not_fit_is_never_sent() -> None:
    wrong = Promotions(date(2026, 11, 20), Campaign("No Slug!", ""), ())
    with pytest.raises(msgspec.ValidationError):
        checked(wrong)


async def test_a_failure_inside_gets_a_500_problem() -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("secret")

    reply = await ask(create_app(now=broken_clock), PROMOTIONS)
    assert (reply.status_code, reply.json()["status"]) == (500, 500)
    assert "secret" not in reply.text
