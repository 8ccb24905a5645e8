"""The report names all that was measured, and what could not be."""

import json
import math

from tests.bench.pages import contenders as who
from tests.bench.pages.asking import Asked
from tests.bench.pages.contenders import everybody
from tests.bench.pages.measures import THE_SOURCE, Late, Measured
from tests.bench.pages.report import TARGETS, heading, raw, sections
from tests.bench.pages.wrk import Speed

MACHINE = {
    "processor": "a processor",
    "cores": "2",
    "system": "a system",
    "python": "3.11",
    "nginx": "not installed",
}


def speeds(*pages: float) -> list[Speed]:
    """Return rounds in which the server had half of its core."""
    return [Speed(each, each * 2, 0, 1.0, 2.0) for each in pages]


def measured() -> Measured:
    """Return a run with two contenders and one that was left out."""
    ours = who.COLD.format("Daphne")
    return Measured(
        speed={who.TAILOR: speeds(1000, 2000), ours: speeds(800, 1600)},
        late={16: {THE_SOURCE: [Late(0.2, 0.5, 9)], ours: [Late(2.0, 9.0, 300)]}},
        first={ours: [Asked(0.025, 2.0)]},
        left_out={who.SSI: "nginx is not installed here."},
    )


def test_every_target_names_contenders_that_there_are() -> None:
    names = {each.name for each in everybody()}
    assert {name for each in TARGETS for name in (each.who, each.than)} <= names


def test_a_target_is_judged_by_the_rounds() -> None:
    text = "\n".join(sections(measured()))
    cold = (
        f"| {who.COLD.format('Daphne')}, against {who.TAILOR} | ≥ 0.5 × | 0.80 × | 0.80 × | met |"
    )
    assert cold in text


def test_who_was_left_out_is_named_with_the_reason() -> None:
    assert f"- {who.SSI}: nginx is not installed here." in "\n".join(sections(measured()))


def test_what_a_peer_does_not_do_is_said() -> None:
    lacking = f"- {who.TAILOR}: typed payloads"
    assert lacking in "\n".join(sections(measured()))


def test_what_was_not_measured_has_no_section() -> None:
    assert list(sections(Measured())) == []


def test_all_rounds_are_in_the_raw_results() -> None:
    kept = json.loads(json.dumps(raw(MACHINE, measured())))
    assert [each["pages"] for each in kept["speed"][who.TAILOR]] == [1000, 2000]
    assert kept["machine"] == MACHINE


def test_a_figure_that_there_is_not_is_null_for_machines() -> None:
    silent = Measured(late={1: {who.BLOCKING: [Late(math.nan, math.nan, 0)]}})
    kept = json.dumps(raw(MACHINE, silent), allow_nan=False)
    assert json.loads(kept)["late"]["1"][who.BLOCKING] == [{"p50": None, "p99": None, "pages": 0}]


def test_the_machine_and_the_versions_are_named() -> None:
    assert heading(MACHINE).startswith("a processor, 2 cores, a system, Python 3.11; nginx not in")
