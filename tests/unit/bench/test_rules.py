"""Medians, ratios and tables: what figures come to."""

import math

import pytest

from tests.bench.pages.rules import Target, judged, middle, over, ratio, table, times, written


def test_the_middle_of_an_odd_number_is_one_of_them() -> None:
    assert middle([30.0, 10.0, 20.0]) == 20.0


def test_one_round_gone_wrong_does_not_move_the_middle_far() -> None:
    assert middle([10.0, 11.0, 12.0, 13.0, 5000.0]) == 12.0


def test_of_nothing_there_is_no_middle() -> None:
    assert math.isnan(middle([]))


def test_a_ratio_is_taken_within_the_rounds_and_not_over_them() -> None:
    """The machine was half as fast in the second round, for both."""
    assert ratio([100.0, 50.0, 100.0], [50.0, 25.0, 50.0]) == 2.0
    # The ratio of the medians would say 1.0 here.
    assert ratio([10.0, 20.0, 60.0], [5.0, 20.0, 20.0]) == 2.0


@pytest.mark.parametrize(
    ("figures", "others"),
    [
        ([], []),
        ([1.0], []),
        ([0.0], [1.0]),
        ([1.0], [0.0]),
    ],
)
def test_rounds_without_a_pair_have_no_ratio(figures: list[float], others: list[float]) -> None:
    assert math.isnan(ratio(figures, others))


def test_a_round_in_which_one_came_to_nothing_is_left_out() -> None:
    assert ratio([10.0, 0.0, 30.0, 40.0], [5.0, 5.0, 0.0, 20.0]) == 2.0


def test_a_target_is_met_from_its_bound_on() -> None:
    target = Target("ours", "theirs", 2)
    assert judged(target, {"ours": [200.0], "theirs": [100.0]}).verdict == "met"
    assert judged(target, {"ours": [199.0], "theirs": [100.0]}).verdict == "**missed**"


def test_a_target_whose_peer_was_left_out_is_neither_met_nor_missed() -> None:
    assert judged(Target("ours", "theirs", 2), {"ours": [200.0]}).verdict == "not measured"


def test_what_a_page_takes_over_its_source_is_in_milliseconds() -> None:
    pages = [0.051, 0.052, 0.053, 0.070]
    assert over(pages, 0.05, 0.5) == pytest.approx(2.0)
    assert over(pages, 0.05, 0.99) == pytest.approx(20.0)


def test_without_pages_there_is_no_latency() -> None:
    assert math.isnan(over([], 0.05, 0.5))


def test_figures_are_written_for_people() -> None:
    assert written(12345.6) == "12,346"
    assert written(1.25, 1) == "1.2"
    assert written(math.nan) == "–"
    assert [times(each) for each in (0.456, 45.67, 456.7)] == ["0.46 ×", "45.7 ×", "457 ×"]
    assert times(math.inf) == "–"


def test_a_table_is_flush_right_but_for_its_names_and_no_cell_breaks_it() -> None:
    assert table(("", "pages"), [("a | b", "1")]).split("\n") == [
        "|  | pages |",
        "| --- | ---: |",
        "| a \\| b | 1 |",
    ]
