import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.limiter import Limiter, LimitRules

RULES = LimitRules(start=20, least=5, most=30, round_calls=10, late_share=0.1, back_off=0.8)


def a_round(limiter: Limiter, *, late: int = 0, running: int | None = None) -> None:
    """Let as many calls end as make a round; by default they use the whole limit."""
    count = max(RULES.round_calls, limiter.limit)
    used = limiter.limit if running is None else running
    for number in range(count):
        limiter.learn(200.0, 200.0, used, number < late)


def test_the_limit_grows_while_it_is_used_and_nobody_is_late() -> None:
    limiter = Limiter(RULES)
    a_round(limiter)
    assert limiter.limit == 21


def test_the_limit_does_not_grow_while_hardly_anything_runs() -> None:
    limiter = Limiter(RULES)
    for _ in range(10):
        a_round(limiter, running=9)
    assert limiter.limit == 20


def test_the_limit_falls_when_a_share_of_a_round_is_late() -> None:
    limiter = Limiter(RULES)
    a_round(limiter, late=2)
    assert limiter.limit == 16


def test_a_straggler_is_no_congestion() -> None:
    limiter = Limiter(RULES)
    a_round(limiter, late=1)
    assert limiter.limit == 21


def test_lateness_while_hardly_anything_runs_is_not_the_limits_doing() -> None:
    limiter = Limiter(RULES)
    for _ in range(10):
        a_round(limiter, late=20, running=2)
    assert limiter.limit == 20


def test_calls_that_began_before_the_limit_fell_make_it_fall_no_further() -> None:
    limiter = Limiter(RULES)
    for _ in range(20):
        limiter.learn(100.0, 101.0, 20, True)
    assert limiter.limit == 16
    for _ in range(100):
        limiter.learn(100.9, 101.5, 20, True)
    assert limiter.limit == 16
    for _ in range(16):
        limiter.learn(101.0, 102.0, 16, True)
    assert limiter.limit == 12


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=2000))
def test_the_limit_stays_within_its_bounds(ends: list[tuple[bool, int]]) -> None:
    limiter, now = Limiter(RULES), 100.0
    for late, running in ends:
        now += 0.01
        limiter.learn(now, now, running, late)
        assert 5 <= limiter.limit <= 30


def test_the_limit_reaches_both_bounds() -> None:
    limiter = Limiter(RULES)
    for _ in range(50):
        a_round(limiter)
    assert limiter.limit == 30
    for second in range(50):
        for _ in range(30):
            limiter.learn(300.0 + second, 300.0 + second, 30, True)
    assert limiter.limit == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"least": 0},
        {"start": 4, "least": 5},
        {"start": 101},
        {"back_off": 1.0},
        {"late_share": 0},
        {"most_waiting": -1},
        {"round_calls": 0},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a limit needs"):
        LimitRules(**wrong)  # type: ignore[arg-type]
