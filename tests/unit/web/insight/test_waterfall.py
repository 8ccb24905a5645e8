"""The panel under a page: the same numbers as in its headers, and nothing that could do harm."""

import re
from contextlib import suppress

import pytest

from gateway.aggregation import events
from gateway.aggregation.errors import SourceRefused, SourceTimeout
from gateway.aggregation.record import note, step
from gateway.web.insight.scale import LEAST_WIDTH
from gateway.web.insight.words import words_of
from tests.fakes import VirtualClock
from tests.unit.sources.test_telemetry import EVENTS, event_of
from tests.unit.web.insight.drawing import drawn, markup, request, took

EVIL = '"><script>alert(1)</script><b style="x" onload=\'y\'>'
SILENT = {"SourceReplied", "SourceFailed", "SourceAbandoned", "ContractDrifted"}
SILENT |= {"CallFailed", "CallsRecovered", "SwitchesLost", "SwitchesFound"}
SILENT |= {"FragmentSettled", "FragmentCrashed", "PageComposed"}
"""What the rows themselves say, in other words."""


def test_parts_have_the_very_numbers_that_the_headers_tell(clock: VirtualClock) -> None:
    with request(clock) as record, step("plan", "home"):
        took(clock, "fragment", "promo", 0.0412)
        note(events.FragmentSettled("home", "promo", "stale", 0.04126, "timeout"))
        note(events.PageComposed("home", False, 0.04404))
        view, rows = drawn(record)
    assert (rows["promo"].took, rows["home"].took) == ("41.3", "44.0")
    assert rows["promo"].said == "stale: timeout"
    assert not view.complete


def test_an_attempt_is_cut_into_its_phases(clock: VirtualClock) -> None:
    with request(clock) as record:
        with step("http", "promo"):
            for word, seconds in (
                ("connecting", 0.001),
                ("connected", 0.002),
                ("first-byte", 0.01),
                ("body", 0.003),
                ("decoded", 0.004),
            ):
                clock.advance(seconds)
                note(word)
        _, rows = drawn(record)
    call = rows["call 1"]
    assert call.took == "20.0"
    assert call.said == (
        "place in the pool 1.0 · connection 2.0 · first byte 10.0 · body 3.0 · decoding 4.0"
    )
    assert [bar.kind for bar in call.bars] == ["pool", "connect", "wait", "body", "decode"]
    ends = [float(bar.x) + float(bar.width) for bar in call.bars]
    begins = [float(bar.x) for bar in call.bars]
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.02)


def test_a_call_that_fails_shows_how_far_it_came(clock: VirtualClock) -> None:
    with request(clock) as record:
        with suppress(SourceTimeout), step("http", "promo"):
            note("connected")
            clock.advance(0.4)
            raise SourceTimeout("promo")
        with suppress(SourceRefused), step("http", "promo"):
            raise SourceRefused("promo")
        _, rows = drawn(record)
    assert rows["call 1"].said.endswith("timeout 400.0")
    assert rows["call 1"].failed
    assert [bar.kind for bar in rows["call 2"].bars] == ["failed"]


def test_a_call_that_was_given_up_is_drawn_until_now(clock: VirtualClock) -> None:
    with request(clock) as record, step("http", "promo"):
        clock.advance(0.1)
        _, rows = drawn(record)
    assert rows["call 1"].took == "100.0"
    assert rows["call 1"].bars[-1].kind == "failed"


def test_a_near_deadline_stands_where_it_is(clock: VirtualClock) -> None:
    with request(clock, budget_seconds=0.8) as record:
        took(clock, "http", "promo", 0.72)
        view, rows = drawn(record)
    assert (view.far, view.late, view.deadline) == (False, False, "800")
    assert float(view.deadline_x) == pytest.approx(100 - LEAST_WIDTH)
    assert float(rows["call 1"].bars[0].width) == pytest.approx(90.0)


def test_a_page_that_is_late_goes_on_behind_the_line(clock: VirtualClock) -> None:
    with request(clock, budget_seconds=0.8) as record:
        took(clock, "http", "promo", 1.6)
        view, _ = drawn(record)
    assert view.late
    assert float(view.deadline_x) == pytest.approx(50.0)
    assert "too late" in markup(view)


def test_a_quick_page_fills_the_width_and_its_deadline_is_said_to_be_far(
    clock: VirtualClock,
) -> None:
    with request(clock) as record:
        took(clock, "http", "promo", 0.01)
        view, rows = drawn(record)
    assert view.far
    assert float(rows["call 1"].bars[0].width) == pytest.approx(86.0)
    assert float(view.deadline_x) > 86.0
    assert "further away than drawn" in markup(view)


def test_all_that_redis_was_asked_for_a_part_is_one_row(clock: VirtualClock) -> None:
    with request(clock) as record, step("fragment", "promo"):
        with step("cache", "promo"):
            took(clock, "redis", "get", 0.002)
        took(clock, "redis", "lock", 0.001)
        took(clock, "http", "promo", 0.01)
        took(clock, "redis", "put", 0.003)
        view, rows = drawn(record)
    assert [row.name for row in view.rows] == ["promo", "cache", "Redis", "call 1"]
    assert rows["Redis"].said == "lock 1.0 · put 3.0"
    assert rows["Redis"].took == "4.0"
    assert rows["cache"].took == "2.0"


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_decision_has_its_words(kind: type) -> None:
    said = words_of(event_of(kind))
    assert bool(said) is (kind.__name__ not in SILENT)
    assert "_" not in said
    assert "SourceTimeout" not in said


def test_what_comes_from_outside_is_escaped_and_nothing_is_styled_inline(
    clock: VirtualClock,
) -> None:
    with request(clock) as record:
        with step("plan", EVIL), step("fragment", EVIL):
            note(events.CallRetried(EVIL, EVIL, 0.1))
        record.steps[0].details["request_id"] = EVIL
        view, _ = drawn(record)
    html = markup(view)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    tags = "".join(re.findall(r"<[^>]*>", html))
    assert "style=" not in tags
    assert not re.search(r"\son\w+=", tags)


def test_every_number_of_the_bars_stands_in_the_table_too(clock: VirtualClock) -> None:
    with request(clock) as record:
        clock.advance(0.005)
        took(clock, "render", "page.html", 0.0123)
        view, rows = drawn(record)
    assert (rows["template"].started, rows["template"].took) == ("5.0", "12.3")
    html = markup(view)
    assert re.search(r'<th scope="row">template</th>.*>5\.0</td>.*>12\.3</td>', html)
    assert html.count("<svg") == html.count('aria-hidden="true"')


def test_it_says_who_can_see_it(clock: VirtualClock) -> None:
    with request(clock) as record:
        assert "Only staff see this" in markup(drawn(record)[0])
        debugging = markup(drawn(record, for_staff=False)[0])
    assert "Everybody sees this" in debugging
    assert "Staff only" not in debugging


def test_a_trace_is_named_where_it_is_not_called_as_the_request_is(clock: VirtualClock) -> None:
    with request(clock) as record:
        assert "a" * 32 in markup(drawn(record)[0])
        record.steps[0].details["request_id"] = record.trace_id
        assert "trace <code>" not in markup(drawn(record)[0])
