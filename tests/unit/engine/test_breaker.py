import pytest

from gateway.aggregation.breaker import Breaker, BreakerRules, BreakerState, Cause, Permit

CLOSED, OPEN, HALF_OPEN = BreakerState
RULES = BreakerRules(
    minimum_calls=4,
    most_calls=20,
    window_seconds=10,
    slow_seconds=0.3,
    open_seconds=1.0,
    growth=2.0,
    most_open_seconds=4.0,
    calm_seconds=10.0,
)


def breaker(rules: BreakerRules = RULES) -> Breaker:
    """Return a breaker that is closed."""
    return Breaker("promo", rules)


def permit(subject: Breaker, now: float) -> Permit:
    """Return a permit; fail if there is none."""
    given = subject.acquire(now)
    assert given is not None
    return given


def calls(subject: Breaker, ends: str, now: float = 100.0) -> None:
    """Make one call per letter: ``.`` succeeds, ``x`` fails, ``s`` is slow, ``c`` is cancelled."""
    for end in ends:
        given = permit(subject, now)
        match end:
            case ".":
                given.succeed(now, 0.1)
            case "s":
                given.succeed(now, 0.35)
            case "x":
                given.fail(now, 0.1)
            case "c":
                given.release(now)


def opened(now: float = 100.0) -> Breaker:
    """Return a breaker that opened at ``now``."""
    subject = breaker()
    calls(subject, "xxxx", now)
    assert subject.state is OPEN
    return subject


@pytest.mark.parametrize("ends", ["xxx", "..x", ".....xxxx", "ssss."[:3], "x...x...x..."])
def test_it_stays_closed_below_the_rates_and_below_the_minimum(ends: str) -> None:
    subject = breaker()
    calls(subject, ends)
    assert subject.state is CLOSED


@pytest.mark.parametrize(
    ("ends", "cause"),
    [("..xx", Cause.FAILURES), ("xxxx", Cause.FAILURES), ("ssss", Cause.SLOWNESS)],
)
def test_it_opens_at_either_rate(ends: str, cause: Cause) -> None:
    subject = breaker()
    calls(subject, ends)
    assert (subject.state, subject.cause) == (OPEN, cause)
    assert subject.acquire(100.0) is None


def test_a_call_that_went_well_opens_nothing() -> None:
    """Three failed before the fourth made the window full enough: that one was a good reply."""
    subject = breaker()
    calls(subject, "xxx.")
    assert subject.state is CLOSED
    calls(subject, "x")
    assert subject.state is OPEN


def test_slow_calls_are_nobodys_concern_when_that_is_switched_off() -> None:
    subject = breaker(BreakerRules(minimum_calls=4, slow_seconds=0.3, slow_rate=1.1))
    calls(subject, "s" * 50)
    assert subject.state is CLOSED


def test_a_slow_failure_counts_as_slow_too() -> None:
    subject = breaker(BreakerRules(minimum_calls=4, slow_seconds=0.3, failure_rate=1.1))
    for _ in range(4):
        permit(subject, 100.0).fail(100.0, 0.4)
    assert (subject.state, subject.cause) == (OPEN, Cause.SLOWNESS)


@pytest.mark.parametrize("ends", ["c" * 100, "xxx" + "c" * 100, "c" * 50 + "x.." + "c" * 50])
def test_cancelled_calls_count_as_nothing(ends: str) -> None:
    subject = breaker()
    calls(subject, ends)
    assert subject.state is CLOSED
    assert subject.snapshot(100.0).calls == len(ends.replace("c", ""))


def test_cancelled_calls_do_not_hide_failures_either() -> None:
    subject = breaker()
    calls(subject, "xcxccxcccx")
    assert subject.state is OPEN


def test_failures_that_left_the_window_count_no_more() -> None:
    subject = breaker()
    calls(subject, "xxx", 100.0)
    calls(subject, "x", 110.1)
    assert subject.state is CLOSED


def test_under_heavy_traffic_old_successes_delay_nothing() -> None:
    """A window of time alone would hold a thousand of them, and wait for as many failures."""
    subject = breaker()
    calls(subject, "." * 1000, 100.0)
    calls(subject, "x" * 10, 101.0)
    assert subject.state is OPEN


def test_while_it_is_open_nobody_passes() -> None:
    subject = opened(100.0)
    assert [subject.acquire(100.0 + elapsed) for elapsed in (0.0, 0.5, 0.999)] == [None] * 3


def test_half_open_admits_one_probe() -> None:
    subject = opened(100.0)
    assert subject.acquire(101.0) is not None
    assert [subject.acquire(101.0 + number) for number in range(50)] == [None] * 50
    assert subject.state is HALF_OPEN


def test_a_probe_that_succeeds_closes_it() -> None:
    subject = opened(100.0)
    calls(subject, ".", 101.0)
    assert subject.state is CLOSED
    calls(subject, "xxx", 101.0)
    assert subject.state is CLOSED, "it starts with an empty window"


@pytest.mark.parametrize("end", ["x", "s"])
def test_a_probe_that_fails_or_is_slow_opens_it_again(end: str) -> None:
    subject = opened(100.0)
    calls(subject, end, 101.0)
    assert (subject.state, subject.cause) == (OPEN, Cause.PROBE)


def test_a_cancelled_probe_gives_the_probe_back() -> None:
    subject = opened(100.0)
    calls(subject, "ccc", 101.0)
    assert subject.state is HALF_OPEN
    calls(subject, ".", 101.0)
    assert subject.state is CLOSED


@pytest.mark.parametrize("late", ["succeed", "fail"])
def test_a_call_from_before_it_opened_decides_nothing_in_half_open(late: str) -> None:
    subject = breaker()
    old = permit(subject, 99.0)
    calls(subject, "xxxx", 100.0)
    probe = permit(subject, 101.0)
    getattr(old, late)(101.1, 0.1)
    assert subject.state is HALF_OPEN
    assert subject.acquire(101.2) is None, "the probe is still under way"
    probe.succeed(101.3, 0.1)
    assert subject.state is CLOSED


def test_a_probe_that_is_released_late_gives_back_nothing_of_the_next_ones() -> None:
    subject = breaker()
    old = permit(subject, 99.0)
    calls(subject, "xxxx", 100.0)
    permit(subject, 101.0)
    old.release(101.0)
    assert subject.acquire(101.0) is None


def test_the_open_time_grows_with_repeats_up_to_its_bound() -> None:
    subject, now, seconds = opened(100.0), 100.0, []
    for _ in range(5):
        seconds.append(subject.open_seconds)
        now += subject.open_seconds
        calls(subject, "x", now)
    assert seconds == [1.0, 2.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("calm_seconds", "expected"), [(0, 4.0), (9.9, 4.0), (10.1, 4.0), (20.1, 2.0), (60, 1.0)]
)
def test_the_open_time_decays_with_calm(calm_seconds: float, expected: float) -> None:
    """Three openings; then so long a calm, and the fourth: one step back for each ten seconds."""
    subject = opened(100.0)
    calls(subject, "x", 101.0)
    calls(subject, "x", 103.0)
    calls(subject, ".", 107.0)
    calls(subject, "xxxx", 107.0 + calm_seconds)
    assert subject.open_seconds == expected


def test_a_year_of_outage_is_no_overflow() -> None:
    subject, now = opened(100.0), 100.0
    for _ in range(5_000):
        now += subject.open_seconds
        calls(subject, "x", now)
    assert subject.open_seconds == 4.0


def test_a_permit_ends_only_once() -> None:
    given = permit(breaker(), 100.0)
    given.release(100.0)
    with pytest.raises(RuntimeError, match="only once"):
        given.succeed(100.0, 0.1)


def test_a_snapshot_says_how_things_stand() -> None:
    subject = breaker()
    calls(subject, ".s.x"[:3], 100.0)
    calls(subject, "x", 100.0)
    snapshot = subject.snapshot(100.0)
    assert (snapshot.upstream, snapshot.state, snapshot.calls) == ("promo", CLOSED, 4)
    assert (snapshot.failure_rate, snapshot.slow_rate) == (0.25, 0.25)
    assert (snapshot.open_seconds, snapshot.left_seconds, snapshot.probing) == (1.0, 0.0, False)


def test_a_snapshot_says_how_long_it_stays_open_and_whether_it_probes() -> None:
    subject = opened(100.0)
    assert subject.snapshot(100.25).left_seconds == 0.75
    assert subject.snapshot(109.0).left_seconds == 0.0
    permit(subject, 101.0)
    assert subject.snapshot(101.0).probing


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_calls": 0},
        {"minimum_calls": 51},
        {"growth": 0.9},
        {"open_seconds": 0},
        {"open_seconds": 5, "most_open_seconds": 4},
        {"failure_rate": 0},
        {"window_seconds": 0},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a breaker needs"):
        BreakerRules(**wrong)  # type: ignore[arg-type]
