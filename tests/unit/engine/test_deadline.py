import time
from dataclasses import FrozenInstanceError

import pytest

from gateway.aggregation.deadline import RESERVE_SECONDS, Deadline
from tests.fakes import VirtualClock


def test_remaining_shrinks_as_time_passes(clock: VirtualClock) -> None:
    deadline = Deadline.after(2, clock.time)
    assert deadline.remaining() == pytest.approx(2)
    clock.advance(1.5)
    assert deadline.remaining() == pytest.approx(0.5)


def test_remaining_is_never_negative(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    clock.advance(5)
    assert deadline.remaining() == 0.0


def test_the_instant_itself_is_expired(clock: VirtualClock) -> None:
    deadline = Deadline(clock.time() + 1, clock.time)
    assert not deadline.expired
    clock.advance(1)
    assert deadline.expired
    assert deadline.remaining() == 0.0


def test_within_takes_the_earlier_instant(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    assert deadline.within(0.4).remaining() == pytest.approx(0.4)
    assert deadline.within(5) == deadline


def test_within_counts_from_now(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    clock.advance(0.8)
    assert deadline.within(0.1).remaining() == pytest.approx(0.1)
    assert deadline.within(0.4) == deadline


def test_within_cannot_revive_an_expired_deadline(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    clock.advance(2)
    assert deadline.within(10).expired


def test_reserve_ends_earlier(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    assert deadline.at - deadline.reserve().at == pytest.approx(RESERVE_SECONDS)
    assert deadline.reserve(0.3).remaining() == pytest.approx(0.7)


def test_within_a_reserve_is_both_in_one(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    for seconds in (0.2, 0.8, 5):
        assert deadline.within(seconds, 0.3) == deadline.reserve(0.3).within(seconds)


def test_the_reserve_is_at_least_ten_milliseconds() -> None:
    """Less has been seen to hide an inner timeout behind the outer one."""
    assert RESERVE_SECONDS >= 0.010


def test_derived_deadlines_keep_the_clock(clock: VirtualClock) -> None:
    deadline = Deadline.after(1, clock.time)
    for derived in (deadline.reserve(), deadline.within(0.1), deadline.within(9)):
        assert derived.clock == clock.time


def test_a_deadline_is_never_restarted(clock: VirtualClock) -> None:
    with pytest.raises(FrozenInstanceError):
        Deadline.after(1, clock.time).at = 5  # type: ignore[misc]


def test_equality_is_about_the_instant_alone(clock: VirtualClock) -> None:
    assert Deadline(5, clock.time) == Deadline(5, VirtualClock().time)


def test_the_clock_is_monotonic_time_by_default() -> None:
    assert Deadline.after(1).clock is time.monotonic
