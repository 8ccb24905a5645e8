"""How fast a WebSocket may bring something."""

from gateway.server.pace import BURST_BYTES, BYTES_PER_SECOND, Pace


def test_a_burst_is_welcome_and_what_is_more_has_to_wait() -> None:
    pace = Pace(now=0.0)
    assert pace.spend(BURST_BYTES, 0.0) == 0
    assert pace.spend(BYTES_PER_SECOND, 0.0) == 1.0


def test_whoever_has_waited_is_welcome_again() -> None:
    pace = Pace(now=0.0)
    pace.spend(BURST_BYTES + BYTES_PER_SECOND, 0.0)
    assert pace.spend(0, 1.0) == 0
    assert pace.spend(BYTES_PER_SECOND // 2, 1.0) == 0.5


def test_waiting_for_long_earns_no_more_than_a_burst() -> None:
    pace = Pace(now=0.0)
    assert pace.spend(2 * BURST_BYTES, 1_000_000.0) == BURST_BYTES / BYTES_PER_SECOND
