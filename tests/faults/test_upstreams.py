"""Fault by source: the two services, misbehaving in every way that we know of."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.behaviours import odd_names, spoiled_names
from tests.faults.promises import RECOVERY_SECONDS, SLACK_SECONDS, broken_by
from tests.faults.stand import Stand
from tests.faults.trial import Expected, in_time, live_through, misbehaving, note, refusing
from tests.integration.sources.test_http_outcomes import FLOODS, OUTCOMES
from tests.live import Shop
from tests.misbehaving import unanswering_port

SERVICES = ("promo", "recco")

WIRE = {
    # The body of these is good JSON, and still not what the service's contract says.
    how: "payload" if word == "ok" else word
    for how, word in OUTCOMES.items()
}
CACHED_FAULTS = ("hangs", "closed_on_accept", "server_error", "not_json", "endless_body")
FLOODED = ("too-large", "protocol", "disconnected", "timeout")


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("how", WIRE)
def test_a_service_that_misbehaves_is_missing_and_nothing_else(
    stand: Stand, name: str, how: str
) -> None:
    """A flood may be noticed in several ways; which comes first depends on the machine."""
    reasons = {WIRE[how], *FLOODED} if how in FLOODS else {WIRE[how]}
    expected = Expected(missing=(name,), reasons=frozenset(reasons), fault=f"{name} {how}")
    live_through(stand, stand.stranger, misbehaving(stand, how, name), expected)


@pytest.mark.parametrize(
    ("name", "how"), [(name, how) for name in SERVICES for how in spoiled_names(name)]
)
def test_a_payload_with_one_thing_wrong_is_refused_as_a_whole(
    stand: Stand, name: str, how: str
) -> None:
    expected = Expected(missing=(name,), reasons=frozenset({"payload"}), fault=f"{name} {how}")
    live_through(stand, stand.stranger, misbehaving(stand, how, name), expected)


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("how", odd_names())
def test_a_good_payload_is_shown_and_nothing_of_what_comes_around_it(
    stand: Stand, name: str, how: str
) -> None:
    expected = Expected(fault=f"{name} {how}")
    live_through(stand, stand.stranger, misbehaving(stand, how, name), expected)


@pytest.mark.parametrize("names", [("promo",), ("recco",), SERVICES], ids="+".join)
def test_a_service_that_is_not_there_is_missing_and_nothing_else(
    stand: Stand, names: tuple[str, ...]
) -> None:
    expected = Expected(
        missing=names, reasons=frozenset({"refused"}), fault=f"{'+'.join(names)} refused"
    )
    live_through(stand, stand.stranger, refusing(stand, *names), expected)


@pytest.mark.parametrize("how", ["hangs", "endless_body", "server_error", "closed_on_accept"])
def test_both_services_down_at_once_leave_a_page(stand: Stand, how: str) -> None:
    reasons = frozenset({WIRE[how], "timeout"})
    expected = Expected(missing=SERVICES, reasons=reasons, fault=f"promo+recco {how}")
    live_through(stand, stand.stranger, misbehaving(stand, how, *SERVICES), expected)


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("how", CACHED_FAULTS)
def test_a_source_with_a_cache_shows_what_was_said_before_if_that_is_kept(
    cached_stand: Stand, name: str, how: str
) -> None:
    """See ``STALE_IS_SERVED`` in promises.py for what is promised now."""
    expected = Expected(missing=(name,), fault=f"{name} {how}, with a cache")
    live_through(
        cached_stand, cached_stand.stranger, misbehaving(cached_stand, how, name), expected
    )


def test_a_member_sees_the_same(stand: Stand) -> None:
    expected = Expected(
        missing=SERVICES, reasons=frozenset({"timeout"}), fault="a member, promo+recco hangs"
    )
    live_through(stand, stand.member, misbehaving(stand, "hangs", *SERVICES), expected)


def test_a_service_that_flaps_is_there_or_missing_and_never_half(stand: Stand) -> None:
    visitor = stand.stranger
    absent = {"promo": visitor.missing["promo"]}
    seen = set()
    with misbehaving(stand, "flaps", "promo"):
        for _ in range(12):
            page = in_time(visitor.ask)
            missing = {} if page.complete else absent
            assert not list(broken_by(page, visitor.whole, missing))
            seen.add(page.mark("promo"))
    back_seconds = stand.back_after(visitor, RECOVERY_SECONDS + SLACK_SECONDS)
    note("promo flaps", page, " or ".join(sorted(seen)), back_seconds=back_seconds)
    # A retry, where the budget allows one, finds the service well again.
    assert "live" in seen <= {"live", "fallback;status", "fallback;open"}
    assert back_seconds is not None


def test_addresses_that_lead_nowhere_leave_a_page(stand: Stand, shop: Shop) -> None:
    """RFC 6761 reserves the name: it never resolves. At the other address connecting hangs."""
    visitor = stand.stranger
    with (
        _unanswering() as port,
        shop.another_gateway(
            PROMO_SERVICE_URL="http://nobody.invalid",
            RECCO_SERVICE_URL=f"http://127.0.0.1:{port}",
            PROMO_FRESH_SECONDS="0",
            RECCO_FRESH_SECONDS="0",
        ) as gateway,
    ):
        page = in_time(lambda: visitor.ask_at(gateway.url))
    note("promo unresolved, recco unanswering", page, f"{page.mark('promo')} {page.mark('recco')}")
    missing = {name: visitor.missing[name] for name in SERVICES}
    assert not list(broken_by(page, visitor.whole, missing))
    assert page.mark("promo") == "fallback;unresolved"
    assert page.mark("recco") in ("fallback;unreachable", "fallback;timeout")


@contextmanager
def _unanswering() -> Iterator[int]:
    with asyncio.Runner() as runner:
        unanswering = unanswering_port()
        yield runner.run(unanswering.__aenter__())
        runner.run(unanswering.__aexit__(None, None, None))
