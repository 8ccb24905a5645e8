import math
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.aggregation.cache import (
    Bounds,
    Entry,
    Worth,
    entry_of,
    fresh_left,
    fresh_seconds,
    just_said,
    key_for,
    terms_confirmed,
    worth,
)
from gateway.aggregation.source import Reply, State, Terms

BOUNDS = Bounds(30.0, 3600.0)
ENTRY = Entry(
    "value",
    stored_at=100.0,
    fresh_until=130.0,
    revalidate_until=150.0,
    stale_until=190.0,
    took=2.0,
    etag='"one"',
)
NO_LUCK = 1.0
"""Of all draws the one that never refreshes early."""

TEXTS = st.one_of(st.none(), st.just("None"), st.just("null"), st.text(max_size=8))
TUPLES = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3).map(tuple)
NAMES = st.text(max_size=3)

bounded = settings(database=None, deadline=None, max_examples=300, derandomize=True)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (100.0, Worth.FRESH),
        (129.999, Worth.FRESH),
        (130.0, Worth.REVALIDATE),
        (149.999, Worth.REVALIDATE),
        (150.0, Worth.STALE),
        (189.999, Worth.STALE),
        (190.0, Worth.EXPIRED),
        (10_000.0, Worth.EXPIRED),
    ],
)
def test_an_entry_is_fresh_then_revalidated_then_stale_then_expired(
    now: float, expected: Worth
) -> None:
    assert worth(ENTRY, now, BOUNDS, NO_LUCK) is expected


def test_an_entry_from_the_future_proves_nothing() -> None:
    assert worth(ENTRY, 99.999, BOUNDS, NO_LUCK) is Worth.EXPIRED
    assert worth(ENTRY, -1.0, BOUNDS, NO_LUCK) is Worth.EXPIRED


@pytest.mark.parametrize("field", ["stored_at", "fresh_until", "revalidate_until", "stale_until"])
def test_an_entry_with_a_time_that_is_no_number_is_never_taken_for_fresher_than_it_is(
    field: str,
) -> None:
    endless = replace(ENTRY, fresh_until=math.inf, revalidate_until=math.inf, stale_until=math.inf)
    poisoned = replace(endless, **{field: math.nan})
    assert worth(poisoned, 130.0 + 3600.0, BOUNDS, NO_LUCK) is Worth.EXPIRED
    assert worth(poisoned, 131.0, BOUNDS, NO_LUCK) is not Worth.FRESH


def test_an_entry_that_ended_before_it_was_said_is_never_fresh() -> None:
    assert worth(Entry("v", 100.0, 90.0), 100.0, BOUNDS, NO_LUCK) is Worth.EXPIRED
    assert worth(Entry("v", 100.0, 90.0), 95.0, BOUNDS, NO_LUCK) is Worth.EXPIRED


@pytest.mark.parametrize(
    ("bounds", "now", "expected"),
    [
        (Bounds(10.0, 3600.0), 109.999, Worth.FRESH),
        (Bounds(10.0, 3600.0), 110.0, Worth.REVALIDATE),
        (Bounds(10.0, 45.0), 154.999, Worth.STALE),
        (Bounds(10.0, 45.0), 155.0, Worth.EXPIRED),
        (Bounds(10.0, 0.0), 110.0, Worth.EXPIRED),
        (Bounds(0.0, 0.0), 100.0, Worth.EXPIRED),
    ],
)
def test_todays_bounds_count_for_entries_that_were_stored_under_wider_ones(
    bounds: Bounds, now: float, expected: Worth
) -> None:
    assert worth(ENTRY, now, bounds, NO_LUCK) is expected


def test_wider_bounds_make_no_entry_live_longer_than_its_source_allowed() -> None:
    wide = Bounds(1e6, 1e6)
    assert worth(ENTRY, 130.0, wide, NO_LUCK) is Worth.REVALIDATE
    assert worth(ENTRY, 190.0, wide, NO_LUCK) is Worth.EXPIRED


@pytest.mark.parametrize(
    ("purged_at", "counts"),
    [(0.0, True), (97.999, True), (98.0, False), (100.0, False), (105.0, False)],
)
def test_nothing_counts_that_was_asked_for_before_a_purge(purged_at: float, counts: bool) -> None:
    """The source took two seconds: what it said at 100 may be of 98."""
    purged = Bounds(30.0, 3600.0, lambda: purged_at)
    for now in (106.0, 140.0, 160.0):
        usable = worth(ENTRY, now, purged, NO_LUCK) is not Worth.EXPIRED
        assert usable is counts


@pytest.mark.parametrize(
    ("luck", "left", "expected"),
    [
        (NO_LUCK, 0.001, Worth.FRESH),
        (math.exp(-1), 2.001, Worth.FRESH),
        (math.exp(-1), 1.999, Worth.EARLY),
        (math.exp(-3), 5.999, Worth.EARLY),
        (1e-6, 28.0, Worth.FRESH),
        (1e-6, 27.0, Worth.EARLY),
    ],
)
def test_one_in_many_looks_finds_an_entry_early_the_sooner_the_longer_its_source_takes(
    luck: float, left: float, expected: Worth
) -> None:
    assert worth(ENTRY, 130.0 - left, BOUNDS, luck) is expected


def test_an_entry_whose_source_takes_no_time_is_never_refreshed_early() -> None:
    assert worth(replace(ENTRY, took=0.0), 129.999, BOUNDS, 1e-300) is Worth.FRESH


def test_early_is_measured_against_todays_bounds() -> None:
    assert worth(ENTRY, 109.0, Bounds(10.0, 60.0), math.exp(-1)) is Worth.EARLY


@bounded
@given(
    st.lists(st.floats(0, 200), min_size=4, max_size=4),
    st.lists(st.floats(0, 500), min_size=2, max_size=8),
    st.tuples(st.floats(0.01, 100), st.floats(0, 300), st.floats(0, 50)),
)
def test_an_entry_only_ever_loses_worth(
    times: list[float], looks: list[float], limits: tuple[float, float, float]
) -> None:
    """Whatever it says of itself, it is never good for longer than the bounds allow."""
    fresh, stale, purged_at = limits
    bounds = Bounds(fresh, stale, lambda: purged_at)
    entry = Entry("value", times[0], *(times[0] + each for each in times[1:]))
    order = list(Worth)
    found = [
        order.index(worth(entry, now, bounds, NO_LUCK))
        for now in sorted(looks)
        if now >= entry.stored_at
    ]
    assert found == sorted(found)
    assert worth(entry, entry.stored_at + fresh + stale + 0.001, bounds, NO_LUCK) is Worth.EXPIRED


@pytest.mark.parametrize(
    ("now", "expected"),
    [(99.0, False), (100.0, True), (114.0, True), (116.0, False), (131.0, False)],
)
def test_an_entry_is_just_said_for_the_first_half_of_its_freshness(
    now: float, expected: bool
) -> None:
    assert just_said(ENTRY, now, BOUNDS) is expected


def test_a_purged_entry_is_never_just_said() -> None:
    assert not just_said(ENTRY, 101.0, Bounds(30.0, 60.0, lambda: 100.5))


def test_what_is_left_of_an_entry_is_bounded_by_today() -> None:
    assert fresh_left(ENTRY, 104.0, BOUNDS) == 26.0
    assert fresh_left(ENTRY, 104.0, Bounds(10.0, 60.0)) == 6.0


@pytest.mark.parametrize(
    ("terms", "ends"),
    [
        (Terms(), (30.0, 30.0, 90.0)),
        (Terms(fresh=10.0), (10.0, 10.0, 70.0)),
        (Terms(fresh=1e9), (30.0, 30.0, 90.0)),
        (Terms(while_revalidate=20.0), (30.0, 50.0, 90.0)),
        (Terms(while_revalidate=1e9), (30.0, 90.0, 90.0)),
        (Terms(if_error=0.0), (30.0, 30.0, 30.0)),
        (Terms(if_error=5.0), (30.0, 30.0, 35.0)),
        (Terms(if_error=1e9), (30.0, 30.0, 90.0)),
        (Terms(if_error=0.0, while_revalidate=7.0), (30.0, 37.0, 37.0)),
    ],
)
def test_an_entry_lives_by_its_sources_terms_within_our_bounds(
    terms: Terms, ends: tuple[float, float, float]
) -> None:
    entry = entry_of(Reply("value", terms=terms), 1000.0, Bounds(30.0, 60.0), 0.5)
    assert entry == Entry("value", 1000.0, *(1000.0 + each for each in ends), 0.5)


def test_an_entry_keeps_the_name_that_its_source_gave_it() -> None:
    entry = entry_of(Reply("value", terms=Terms(etag='"v1"')), 0.0, BOUNDS, 0.0)
    assert entry is not None
    assert entry.etag == '"v1"'


@pytest.mark.parametrize("state", [state for state in State if state is not State.LIVE])
def test_only_what_a_source_said_just_now_is_kept(state: State) -> None:
    assert entry_of(Reply("value", state), 0.0, BOUNDS, 0.0) is None


@pytest.mark.parametrize(
    ("terms", "bounds"),
    [(Terms(fresh=0.0), BOUNDS), (Terms(fresh=-1.0), BOUNDS), (Terms(fresh=9.0), Bounds(0, 60))],
)
def test_where_nothing_may_be_fresh_nothing_is_kept(terms: Terms, bounds: Bounds) -> None:
    assert entry_of(Reply("value", terms=terms), 0.0, bounds, 0.0) is None


def test_a_confirmation_brings_new_terms() -> None:
    new = Terms(fresh=5.0, while_revalidate=1.0, if_error=2.0, etag='"two"')
    assert terms_confirmed(ENTRY, new) == new
    assert terms_confirmed(ENTRY, Terms(fresh=5.0)) == Terms(fresh=5.0, etag='"one"')


def test_a_confirmation_without_terms_leaves_them_as_they_were() -> None:
    """Else a source's ten seconds would become our thirty at the first confirmation."""
    assert terms_confirmed(ENTRY, Terms()) == Terms(30.0, 20.0, 60.0, '"one"')


@pytest.mark.parametrize(
    ("configured", "said", "kept"),
    [
        (30.0, None, 30.0),
        (30.0, 10.0, 10.0),
        (30.0, 3600.0, 30.0),
        (30.0, 0.0, 0.0),
        (30.0, -5.0, 0.0),
        (0.0, None, 0.0),
        (0.0, 3600.0, 0.0),
        (-1.0, None, 0.0),
        (30.0, float("inf"), 30.0),
        (30.0, float("nan"), 30.0),
    ],
)
def test_a_lifetime_is_what_the_source_said_within_our_bound(
    configured: float, said: float | None, kept: float
) -> None:
    assert fresh_seconds(configured, Terms(fresh=said)) == kept


@bounded
@given(st.dictionaries(NAMES, TEXTS, max_size=3), st.dictionaries(NAMES, TEXTS, max_size=3))
def test_different_arguments_never_share_a_key(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assume(one != other)
    assert key_for("promo", one) != key_for("promo", other)


@bounded
@given(st.dictionaries(NAMES, TUPLES, max_size=2), st.dictionaries(NAMES, TUPLES, max_size=2))
def test_different_tuples_never_share_a_key(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assume(one != other)
    assert key_for("promo", one) != key_for("promo", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": None}, {"id": "None"}),
        ({"id": None}, {"id": ""}),
        ({"id": None}, {}),
        ({"a": None, "b": "None"}, {"a": "None", "b": None}),
        ({"a": "1", "b": "2"}, {"a": "2", "b": "1"}),
        ({"a": "x", "b": ""}, {"a": "", "b": "x"}),
        ({"a": 'x", "b": "y'}, {"a": "x", "b": "y"}),
        ({"a": "x"}, {"b": "x"}),
        ({"id": ("a", "b")}, {"id": ("a, b",)}),
        ({"id": ("a", None)}, {"id": ("a", "None")}),
        ({"name": "é"}, {"name": "e\u0301"}),
        ({"name": "a"}, {"name": "a\x00"}),
        ({"name": "a"}, {"name": "a\u200b"}),
        ({"name": "\\u00e9"}, {"name": "é"}),
        ({"name": "\ud800"}, {"name": "\\ud800"}),
    ],
)
def test_look_alikes_never_share_a_key(one: dict[str, object], other: dict[str, object]) -> None:
    assert key_for("promo", one) != key_for("promo", other)


def test_the_same_arguments_share_a_key_in_any_order() -> None:
    assert key_for("promo", {"a": "1", "b": "2"}) == key_for("promo", {"b": "2", "a": "1"})


def test_two_sources_never_share_a_key() -> None:
    assert key_for("promo", {"id": "1"}) != key_for("recco", {"id": "1"})
    assert key_for("promo:x", {}) != key_for("promo", {"x": ""})


@bounded
@given(st.dictionaries(NAMES, st.text(min_size=1, max_size=50), max_size=3))
def test_a_key_names_its_source_and_shows_no_argument(args: dict[str, object]) -> None:
    """Whatever a visitor sends, the key stays one short line of safe characters."""
    assert re.fullmatch(r"promo:[0-9a-f]{32}", key_for("promo", args))


def test_an_argument_however_long_or_odd_makes_a_key_of_the_same_length() -> None:
    odd = "a\r\nSET x\x00 \ud800 🙂" * 10_000
    assert len(key_for("promo", {"q": odd})) == len(key_for("promo", {}))
    assert "ada@example.com" not in key_for("promo", {"member": "ada@example.com"})
