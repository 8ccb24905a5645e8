"""How much one visitor may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.attendance import Attendance
from gateway.chat.limits import (
    CONNECTIONS,
    CONNECTIONS_OF_A_VISITOR,
    CONNECTIONS_OF_AN_ADDRESS,
    HANDSHAKES_OF_AN_ADDRESS,
    Bucket,
    Rate,
    wait_seconds,
)
from gateway.chat.protocol import Close, Ending
from tests.fakes import VirtualClock


def test_a_burst_is_let_through_and_then_one_for_each_interval() -> None:
    buckets = [Bucket(Rate(burst=3, per_second=0.5), now=0.0)]
    assert [wait_seconds(buckets, 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert wait_seconds(buckets, 0.0) == 2.0
    assert wait_seconds(buckets, 1.5) == 0.5
    assert wait_seconds(buckets, 2.0) == 0.0
    assert wait_seconds(buckets, 2.0) == 2.0


def test_what_is_refused_by_one_costs_nothing_of_the_others() -> None:
    narrow = Bucket(Rate(burst=1, per_second=0.001), now=0.0)
    wide = Bucket(Rate(burst=2, per_second=0.001), now=0.0)
    wait_seconds([narrow, wide], 0.0)
    for _ in range(9):
        assert wait_seconds([narrow, wide], 0.0) > 0
    assert wait_seconds([wide], 0.0) == 0.0


@given(st.lists(st.floats(0, 5), max_size=100))
def test_over_any_time_no_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    bucket, now, taken = Bucket(Rate(burst=5, per_second=2), now=0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += wait_seconds([bucket], now) == 0.0
    assert taken <= 5 + 2 * now + 1e-6


def test_a_clock_that_steps_back_gives_nothing() -> None:
    bucket = Bucket(Rate(burst=1, per_second=1), now=10.0)
    assert wait_seconds([bucket], 10.0) == 0.0
    assert wait_seconds([bucket], 5.0) > 0


def test_there_are_only_so_many_connections_of_an_address() -> None:
    attendance = Attendance(VirtualClock().time)
    inside = [attendance.connection("10.0.0.1") for _ in range(CONNECTIONS_OF_AN_ADDRESS)]
    for each in inside:
        each.__enter__()
    clock = VirtualClock(10_000.0)
    attendance._clock = clock.time
    with pytest.raises(Ending) as refused, attendance.connection("10.0.0.1"):
        pass
    assert refused.value.code is Close.TOO_MANY
    with attendance.connection("10.0.0.2"):
        assert len(attendance) == CONNECTIONS_OF_AN_ADDRESS + 1
    inside[0].__exit__(None, None, None)
    with attendance.connection("10.0.0.1"):
        pass


def test_who_comes_and_goes_all_the_time_has_to_wait() -> None:
    clock = VirtualClock()
    attendance = Attendance(clock.time)

    def come() -> None:
        with attendance.connection("10.0.0.1"):
            pass

    for _ in range(int(HANDSHAKES_OF_AN_ADDRESS.burst)):
        come()
    with pytest.raises(Ending):
        come()
    clock.advance(1.0)
    come()


def test_there_are_only_so_many_connections_of_a_visitor_and_in_all() -> None:
    attendance = Attendance(VirtualClock().time)
    inside = [attendance.visitor("guest-1") for _ in range(CONNECTIONS_OF_A_VISITOR)]
    for each in inside:
        each.__enter__()
    with pytest.raises(Ending), attendance.visitor("guest-1"):
        pass
    with attendance.visitor("guest-2"):
        pass
    attendance._all = CONNECTIONS
    with pytest.raises(Ending), attendance.connection("10.0.0.9"):
        pass


def test_a_new_connection_does_not_begin_with_a_new_burst() -> None:
    attendance = Attendance(VirtualClock().time)
    first = attendance.messages("guest-1", "10.0.0.1")
    while wait_seconds(first, 1000.0) == 0.0:
        pass
    assert wait_seconds(attendance.messages("guest-1", "10.0.0.1"), 1000.0) > 0
    assert wait_seconds(attendance.messages("guest-2", "10.0.0.1"), 1000.0) == 0.0
