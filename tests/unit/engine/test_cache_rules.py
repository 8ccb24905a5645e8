import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.aggregation.cache import Entry, Freshness, fresh_seconds, freshness, key_for

ENTRY = Entry("value", stored_at=100.0, fresh_until=130.0)

TEXTS = st.one_of(st.none(), st.just("None"), st.just("null"), st.text(max_size=8))
TUPLES = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3).map(tuple)
NAMES = st.text(max_size=3)

bounded = settings(database=None, deadline=None, max_examples=300, derandomize=True)


@pytest.mark.parametrize(
    ("now", "worth"),
    [
        (100.0, Freshness.FRESH),
        (129.999, Freshness.FRESH),
        (130.0, Freshness.EXPIRED),
        (10_000.0, Freshness.EXPIRED),
    ],
)
def test_an_entry_is_fresh_until_its_lifetime_ends(now: float, worth: Freshness) -> None:
    assert freshness(ENTRY, now, 3600.0) is worth


def test_an_entry_from_the_future_proves_nothing() -> None:
    assert freshness(ENTRY, 99.999, 3600.0) is Freshness.EXPIRED
    assert freshness(ENTRY, -1.0, 3600.0) is Freshness.EXPIRED


def test_an_entry_that_ended_before_it_was_said_is_never_fresh() -> None:
    assert freshness(Entry("v", 100.0, 90.0), 100.0, 3600.0) is Freshness.EXPIRED
    assert freshness(Entry("v", 100.0, 90.0), 95.0, 3600.0) is Freshness.EXPIRED


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
    assert fresh_seconds(configured, said) == kept


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
