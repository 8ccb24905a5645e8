import math
from random import Random

import pytest

from gateway.aggregation.faults import Fault, FaultRule, draw


def drawn(rule: FaultRule) -> list[Fault]:
    """Return what ``rule`` does to 10,000 calls."""
    random = Random(7)
    return [draw(rule, random) for _ in range(10_000)]


def test_percentages_are_of_calls_and_drawn_apart() -> None:
    faults = drawn(FaultRule(delay_seconds=0.8, delay_percent=30, abort_percent=20))
    delayed = [fault for fault in faults if fault.delay_seconds == 0.8]
    assert len(delayed) == pytest.approx(3000, rel=0.05)
    assert sum(fault.aborts for fault in faults) == pytest.approx(2000, rel=0.05)
    assert sum(fault.aborts for fault in delayed) == pytest.approx(600, rel=0.1)


def test_nothing_is_never_and_a_hundred_is_always() -> None:
    assert set(drawn(FaultRule(delay_seconds=1))) == {Fault(0.0, False)}
    every = FaultRule(delay_seconds=1, delay_percent=100, abort_percent=100)
    assert set(drawn(every)) == {Fault(1, True)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay_percent": -1},
        {"delay_percent": 101},
        {"abort_percent": 100.1},
        {"abort_percent": math.nan},
        {"delay_seconds": -0.1},
        {"delay_seconds": math.inf},
        {"delay_seconds": math.nan},
    ],
)
def test_what_is_no_percentage_or_no_duration_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        FaultRule(**wrong)
