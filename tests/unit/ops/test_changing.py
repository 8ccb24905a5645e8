"""What may be changed at run time, and by which rules it is judged."""

import pytest

import gateway.settings as declared
from gateway.ops.changing.judging import judge_off, judge_setting
from gateway.ops.changing.tunable import (
    CAN_BE_OFF,
    DECLARATIONS,
    HIDDEN,
    SETTINGS,
    fixed,
    pages_that_need,
    sources_of,
)
from gateway.ops.changing.wording import said, said_at_first
from gateway.sources.inforce import Kind

PROMO = "PROMO_TIMEOUT_SECONDS"


def test_all_timeouts_and_fresh_times_may_be_changed_and_nothing_else() -> None:
    named = {
        name for name in dir(declared) if name.endswith(("_TIMEOUT_SECONDS", "_FRESH_SECONDS"))
    }
    assert set(SETTINGS) == named | {"STALE_SECONDS"}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_in_force_from_the_start_is_judged_to_be_well(name: str) -> None:
    now = float(getattr(declared, name))
    assert judge_setting(name, now, {}).errors == ()


@pytest.mark.parametrize(
    ("name", "seconds", "words"),
    [
        (PROMO, 0.0, "more than 0 and at most 86400."),
        (PROMO, -1.0, "more than 0 and at most 86400."),
        (PROMO, float("nan"), "more than 0 and at most 86400."),
        (PROMO, float("inf"), "more than 0 and at most 86400."),
        (PROMO, 0.8, "promo may take 0.8 s (PROMO_TIMEOUT_SECONDS), but page home leaves it"),
        ("BOOKS_TIMEOUT_SECONDS", 30.0, "but page books leaves it"),
        ("PROMO_FRESH_SECONDS", -1.0, "0 or more and at most 86400."),
        ("PROMO_FRESH_SECONDS", 90_000.0, "0 or more and at most 86400."),
        ("MEMBERS_FRESH_SECONDS", 600.0, "A proof outlives the session that it was for"),
        ("PAGE_BUDGET_SECONDS", 0.5, "cannot be changed while the gateways run"),
        ("SECRET_KEY", 1.0, "cannot be changed while the gateways run"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    name: str, seconds: float, words: str
) -> None:
    assert any(words in sentence for sentence in judge_setting(name, seconds, {}).errors)


@pytest.mark.parametrize(
    ("name", "seconds", "words"),
    [
        (PROMO, 0.1, "The timeout is over before connecting is"),
        ("BOOKS_TIMEOUT_SECONDS", 0.2, "have different timeouts"),
        ("PROMO_FRESH_SECONDS", 0.0, "are never kept"),
        ("PROMO_FRESH_SECONDS", 7200.0, "are fresh for 7200 s"),
        ("STALE_SECONDS", 5.0, "and then stand in for 5 s"),
    ],
)
def test_what_is_doubtful_is_allowed_and_said(name: str, seconds: float, words: str) -> None:
    judged = judge_setting(name, seconds, {})
    assert judged.errors == ()
    assert any(words in sentence for sentence in judged.warnings)


def test_a_change_is_judged_beside_the_others() -> None:
    """What is doubtful already is not told again; what two changes do together is."""
    alone = judge_setting("BOOKS_TIMEOUT_SECONDS", 0.2, {})
    together = judge_setting("BOOKS_TIMEOUT_SECONDS", 0.2, {"MEMBERS_TIMEOUT_SECONDS": 0.2})
    assert len(alone.warnings) > len(together.warnings)
    again = judge_setting("RECCO_TIMEOUT_SECONDS", 0.3, {"PROMO_FRESH_SECONDS": 0.0})
    assert not any("PROMO" in sentence for sentence in again.warnings)


def test_what_a_page_is_nothing_without_cannot_be_switched_off() -> None:
    assert pages_that_need("books") == ("books",)
    assert "books" not in CAN_BE_OFF
    (sentence,) = judge_off("books").errors
    assert sentence == "books is primary: without it there is no page books."
    assert judge_off("promo").errors == ()
    assert {"promo", "recco", "membership", "arrivals"} <= set(CAN_BE_OFF)


def test_each_setting_says_which_sources_it_is_for() -> None:
    assert sources_of(PROMO) == ("promo",)
    assert set(sources_of("STALE_SECONDS")) == {
        name for name, each in DECLARATIONS.items() if each.fresh and not each.private
    }


def test_everything_else_is_listed_as_needing_a_restart_and_secrets_are_not_shown() -> None:
    found = {each.name: each for each in fixed()}
    assert not set(found) & set(SETTINGS)
    assert found["PAGE_BUDGET_SECONDS"].value == "0.8"
    assert found["POSTGRES_POOL_SIZE"].origin == "default"
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        assert found[name].value == HIDDEN
    assert set(found) | set(SETTINGS) == set(declared._env.names_read)


def test_a_change_is_said_in_a_few_words() -> None:
    assert said(Kind.SETTING, 0.25) == "0.25 s"
    assert said(Kind.OFF, None) == "off"
    rule = {"delay_seconds": 0.25, "delay_percent": 30, "abort_percent": 5}
    assert said(Kind.FAULT, rule) == "250 ms for 30 % of calls, 5 % of calls fail"
    assert said_at_first(Kind.SETTING, PROMO) == "0.4 s (default)"
