from gateway.storefront.compare.presenters import RunView, present_comparison
from gateway.storefront.compare.results import Comparison, Run, Step
from gateway.storefront.compare.strategies import AT_ONCE, AWAITED, BLOCKING


def one_after_another(strategy: str, *seconds: float, finished: bool = True) -> Run:
    started = [sum(seconds[:index]) for index in range(len(seconds))]
    steps = [
        Step(name, at, took)
        for name, at, took in zip(("promo", "recco"), started, seconds, strict=True)
    ]
    return Run(strategy, tuple(steps), sum(seconds), finished)


SUMS = [one_after_another(BLOCKING, 0.3, 0.1), one_after_another(AWAITED, 0.3, 0.1)]
MAXIMUM = Run(AT_ONCE, (Step("promo", 0.0, 0.3), Step("recco", 0.0, 0.1)), 0.3)


def runs(*each: Run) -> dict[str, RunView]:
    return {view.key: view for view in present_comparison(Comparison(each, 0.0))["runs"]}


def test_all_bars_have_one_scale() -> None:
    shown = runs(*SUMS, MAXIMUM)
    assert [(bar.x, bar.width) for bar in shown[BLOCKING].bars] == [
        ("0.00", "75.00"),
        ("75.00", "25.00"),
    ]
    assert [(bar.x, bar.width) for bar in shown[AT_ONCE].bars] == [
        ("0.00", "75.00"),
        ("0.00", "25.00"),
    ]


def test_sum_and_maximum_are_said() -> None:
    shown = runs(*SUMS, MAXIMUM)
    assert (shown[BLOCKING].total, shown[BLOCKING].parts_sum) == ("400", "400")
    assert (shown[AT_ONCE].total, shown[AT_ONCE].longest) == ("300", "300")
    said = present_comparison(Comparison((*SUMS, MAXIMUM), 0.0))["conclusion"]
    assert said == "Asking at once was 1.3 times as fast as the blocking view."


def test_nothing_is_boasted_of_when_it_was_no_faster() -> None:
    slow = Run(AT_ONCE, (Step("promo", 0.0, 0.5),), 0.5)
    said = present_comparison(Comparison((*SUMS, slow), 0.0))["conclusion"]
    assert "hardly faster" in said


def test_a_run_without_an_end_is_compared_with_nothing() -> None:
    cut = one_after_another(BLOCKING, 3.0, 1.0, finished=False)
    context = present_comparison(Comparison((cut, MAXIMUM), 0.0))
    assert context["conclusion"] == ""
    assert context["runs"][0].unfinished


def test_a_failure_is_said_in_words() -> None:
    failed = Run(AT_ONCE, (Step("promo", 0.0, 0.4, "timeout"), Step("x<y", 0, 0, "too-large")), 0.4)
    context = present_comparison(Comparison((failed,), 0.0))
    assert context["failed"]
    assert [bar.failed for bar in context["runs"][0].bars] == ["no answer in time", "too large"]


def test_what_took_no_time_is_seen_as_well() -> None:
    shown = runs(Run(AT_ONCE, (Step("promo", 0.0, 0.0),), 0.0))
    assert shown[AT_ONCE].bars[0].width == "0.60"
    assert shown[AT_ONCE].total == "0.0"
