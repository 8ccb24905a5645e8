"""Small charts: inside their box, broken where there is nothing, and told in words as well."""

import re

import pytest

from gateway.ops.live.charts import HEIGHT, WIDTH, rate_chart, time_chart


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_line_stays_in_its_box() -> None:
    chart = time_chart([0.001 * (n % 37) for n in range(120)])
    assert len(points(chart.line)) == 120
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points(chart.line))


def test_the_highest_value_is_at_the_top_and_nothing_at_the_bottom() -> None:
    chart = rate_chart([0, 50, 100], [0, 0, 0])
    assert [y for _, y in points(chart.line)] == [HEIGHT, 23.5, 3.0]


def test_a_line_is_broken_where_nothing_was_measured() -> None:
    chart = time_chart([0.1, 0.2, None, 0.1, None, 0.3])
    assert chart.line.count("M") == 3
    assert chart.line.count("L") == 1


@pytest.mark.parametrize("chart", [rate_chart([0] * 120, [0] * 120), time_chart([None] * 120)])
def test_where_there_is_nothing_nothing_is_drawn_and_that_is_said(chart: object) -> None:
    assert getattr(chart, "empty", False)
    assert "in the last 10 minutes." in getattr(chart, "words", "")


def test_a_chart_says_in_words_what_it_shows() -> None:
    rates = rate_chart([5, 10, 0], [0, 10, 0])
    assert rates.words == (
        "15 calls in the last 10 minutes, 2/s at most in five seconds; 10 failed upstream."
    )
    assert rates.second
    times = time_chart([0.05, 0.25, None])
    assert times.words == (
        "95 of 100 answers took between 50 ms and 250 ms in the last 10 minutes, 250 ms of late."
    )


def test_what_failed_is_drawn_only_where_something_did() -> None:
    assert rate_chart([1, 2], [0, 0]).second == ""


def test_failures_without_a_visitor_are_drawn_too() -> None:
    """Those of refreshes beside pages."""
    chart = rate_chart([0, 0], [0, 3])
    assert not chart.empty
    assert chart.second
