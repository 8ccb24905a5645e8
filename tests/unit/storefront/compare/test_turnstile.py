from gateway.storefront.compare.turnstile import Turnstile


def test_one_at_a_time() -> None:
    gate = Turnstile(3.0)
    assert gate.enter(100.0) == 0.0
    assert gate.enter(100.0) == 3.0
    assert gate.enter(999.0) == 3.0


def test_the_next_one_waits_for_the_pause_after_the_last_has_left() -> None:
    gate = Turnstile(3.0)
    gate.enter(100.0)
    gate.leave(101.0)
    assert gate.enter(102.5) == 1.5
    assert gate.enter(104.0) == 0.0


def test_who_was_turned_away_changes_nothing() -> None:
    gate = Turnstile(3.0)
    gate.enter(100.0)
    gate.leave(100.0)
    for _ in range(10):
        gate.enter(101.0)
    assert gate.enter(103.0) == 0.0


def test_without_a_pause_it_is_still_one_at_a_time() -> None:
    gate = Turnstile(0.0)
    gate.enter(100.0)
    assert gate.enter(100.0) > 0
    gate.leave(100.0)
    assert gate.enter(100.0) == 0.0
