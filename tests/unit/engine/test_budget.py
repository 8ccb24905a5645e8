import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.budget import Budget


def spent(budget: Budget, tries: int, now: float) -> int:
    """Return how many extra calls of ``tries`` are allowed at ``now``."""
    return sum(budget.spend(now) for _ in range(tries))


def test_the_minimum_is_allowed_however_few_calls_there_are() -> None:
    assert spent(Budget(0.1, 10, minimum=3), 10, now=100.0) == 3


@pytest.mark.parametrize(("calls", "allowed"), [(30, 3), (49, 4), (50, 5), (100, 10), (1000, 100)])
def test_extra_calls_are_a_tenth_of_the_calls_in_the_window(calls: int, allowed: int) -> None:
    budget = Budget(0.1, 10, minimum=3)
    for _ in range(calls):
        budget.count(100.0)
    assert spent(budget, calls, now=101.0) == allowed


def test_calls_that_left_the_window_allow_nothing_any_more() -> None:
    budget = Budget(0.1, 10, minimum=3)
    for _ in range(100):
        budget.count(100.0)
    assert spent(budget, 100, now=111.0) == 3


def test_extra_calls_that_left_the_window_make_room() -> None:
    budget = Budget(0.1, 10, minimum=3)
    assert spent(budget, 4, now=100.0) == 3
    assert spent(budget, 4, now=109.0) == 0
    assert spent(budget, 4, now=111.0) == 3


def test_without_a_minimum_the_first_extra_call_needs_enough_calls() -> None:
    budget = Budget(0.05, 60, minimum=0)
    for number in range(20):
        assert not budget.spend(100.0), number
        budget.count(100.0)
    assert spent(budget, 5, now=100.0) == 1


_moments = st.lists(st.tuples(st.floats(0, 3, allow_subnormal=False), st.booleans()), max_size=300)


@given(_moments, st.sampled_from([0, 3]))
def test_no_window_ever_holds_more_than_the_share(
    moments: list[tuple[float, bool]], minimum: int
) -> None:
    """Whenever an extra call is allowed, the true last ten seconds bear it."""
    budget, now = Budget(0.1, 10, minimum), 1000.0
    calls: list[float] = []
    extra: list[float] = []
    for gap, is_call in moments:
        now += gap / 10
        if is_call:
            budget.count(now)
            calls.append(now)
        elif budget.spend(now):
            extra.append(now)
            inside = [sum(time > now - 10 for time in times) for times in (calls, extra)]
            assert inside[1] <= max(minimum, 0.1 * inside[0]) + 1e-9
    if minimum == 0:
        assert len(extra) <= 0.1 * len(calls) + 1e-9
