from gateway.aggregation.gate import Gate, Ticket, Turn
from gateway.aggregation.limiter import LimitRules

RULES = LimitRules(start=2, least=1, most=4, most_waiting=3, queue_seconds=0.2, useful_seconds=0.05)
FAR = 1000.0


def gate() -> Gate:
    """Return a gate for two, with a queue for three."""
    return Gate("promo", RULES)


def come(subject: Gate, count: int, now: float = 100.0, deadline: float = FAR) -> list[Ticket]:
    """Return the tickets of ``count`` calls that come at once."""
    return [subject.enter(now, deadline) for _ in range(count)]


def turns(tickets: list[Ticket]) -> list[str]:
    """Return what has become of each ticket."""
    return [ticket.turn.value for ticket in tickets]


def test_as_many_as_the_limit_go_in_and_the_rest_waits() -> None:
    assert turns(come(gate(), 4)) == ["inside", "inside", "waiting", "waiting"]


def test_whoever_leaves_lets_the_last_to_come_in() -> None:
    subject = gate()
    tickets = come(subject, 5)
    subject.leave(tickets[0], 100.1)
    assert turns(tickets) == ["gone", "inside", "waiting", "waiting", "inside"]


def test_a_queue_that_is_full_turns_away_who_has_waited_longest() -> None:
    subject = gate()
    woken: list[str] = []
    tickets = come(subject, 5)
    tickets[2].wake = lambda: woken.append("third")
    newest = subject.enter(100.1, FAR)
    assert turns([*tickets, newest]) == [*("inside",) * 2, "full", *("waiting",) * 3]
    assert woken == ["third"]
    assert subject.snapshot().waiting == 3


def test_who_has_no_time_left_does_not_even_queue() -> None:
    subject = gate()
    come(subject, 2)
    assert subject.enter(100.0, deadline=100.05).turn is Turn.LATE
    assert subject.snapshot().waiting == 0


def test_who_has_no_time_left_is_never_let_in() -> None:
    """Even where nobody has noticed yet that its time is up."""
    subject = gate()
    first, _ = come(subject, 2)
    waiting = subject.enter(100.0, deadline=100.10)
    assert waiting.until == 100.05
    subject.leave(first, 100.05)
    assert waiting.turn is Turn.LATE
    assert subject.running == 1


def test_nobody_waits_longer_than_the_queue_allows() -> None:
    subject = gate()
    first, _, waiting = come(subject, 3)
    assert waiting.until == 100.2
    subject.leave(first, 100.2)
    assert waiting.turn is Turn.LATE


def test_a_waiter_that_goes_away_leaves_no_trace() -> None:
    subject = gate()
    first, _, waiting = come(subject, 3)
    subject.leave(waiting, 100.1)
    assert subject.snapshot().waiting == 0
    subject.leave(first, 100.1)
    assert subject.running == 1
    assert waiting.turn is Turn.GONE


def test_who_was_let_in_and_goes_away_before_knowing_it_hands_the_place_on() -> None:
    subject = gate()
    first, _, older, newer = come(subject, 4)
    subject.leave(first, 100.1)
    assert newer.turn is Turn.INSIDE
    subject.leave(newer, 100.1)
    assert older.turn is Turn.INSIDE
    assert subject.running == 2


def test_to_leave_twice_gives_nothing_back_twice() -> None:
    subject = gate()
    tickets = come(subject, 2)
    subject.leave(tickets[0], 100.1)
    subject.leave(tickets[0], 100.1)
    assert subject.running == 1


def test_a_limit_that_grows_lets_waiters_in_at_once() -> None:
    subject = gate()
    tickets = come(subject, 4)
    for _ in range(10):
        subject.learn(100.0, 100.1, late=False)
    assert subject.limit == 3
    assert turns(tickets) == ["inside", "inside", "waiting", "inside"]


def test_a_limit_that_falls_lets_nobody_in_until_enough_have_left() -> None:
    subject = gate()
    tickets = come(subject, 3)
    for _ in range(10):
        subject.learn(100.0, 100.1, late=True)
    assert subject.limit == 1
    subject.leave(tickets[0], 100.1)
    assert tickets[2].turn is Turn.WAITING
    subject.leave(tickets[1], 100.1)
    assert tickets[2].turn is Turn.INSIDE


def test_without_a_queue_whoever_finds_it_full_is_turned_away() -> None:
    subject = Gate("promo", LimitRules(start=1, least=1, most=1, most_waiting=0))
    assert turns(come(subject, 2)) == ["inside", "full"]
    assert subject.snapshot().waiting == 0
