from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.sliding import LatestCounts, SlidingCounts

_gaps = st.lists(st.floats(0, 4, allow_subnormal=False), min_size=1, max_size=60)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    counts = SlidingCounts(1, window_seconds=10, steps=10)
    counts.add(100.0, 3)
    assert (counts.least(108.9), counts.most(108.9)) == ((3,), (3,))
    assert (counts.least(110.5), counts.most(110.5)) == ((0,), (3,))
    assert counts.most(111.1) == (0,)


@given(_gaps)
def test_the_true_window_lies_between_least_and_most(gaps: list[float]) -> None:
    counts, now, times = SlidingCounts(1, window_seconds=10, steps=7), 1000.0, []
    for gap in gaps:
        now += gap
        counts.add(now, 1)
        times.append(now)
        inside = sum(time > now - 10 for time in times)
        assert counts.least(now)[0] <= inside <= counts.most(now)[0]


def test_sliding_counts_stay_small_however_long_and_much_they_count() -> None:
    counts = SlidingCounts(2, window_seconds=10, steps=10)
    for number in range(10_000):
        counts.add(number * 0.1, 1, 0)
    assert len(counts._buckets) <= 11


@given(_gaps, st.integers(1, 20))
def test_latest_counts_are_the_latest_occasions_within_the_window(
    gaps: list[float], most: int
) -> None:
    counts, now, times = LatestCounts(1, window_seconds=10, most=most), 1000.0, []
    for gap in gaps:
        now += gap
        counts.add(now, 2)
        times.append(now)
        expected = sum(time > now - 10 for time in times[-most:])
        assert counts.counts(now) == (expected, 2 * expected)
        assert len(counts._occasions) <= most


def test_latest_counts_can_be_cleared() -> None:
    counts = LatestCounts(2, window_seconds=10, most=5)
    counts.add(1.0, 1, 1)
    counts.clear()
    assert counts.counts(1.0) == (0, 0, 0)
