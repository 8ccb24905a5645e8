"""What is taken from a request as it is, and what is made anew."""

import re

import pytest

from gateway.web.facts import request_id, traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
_OURS = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(00|01)")


def parts(value: str) -> tuple[str, str, str]:
    found = _OURS.fullmatch(value)
    assert found, value
    return found[1], found[2], found[3]


@pytest.mark.parametrize("given", ["a", "A-1._z", "x" * 128, "0" * 32])
def test_a_well_formed_request_id_is_taken(given: str) -> None:
    assert request_id(given) == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "x" * 129,
        "x" * 200,
        "a\r\nSet-Cookie: b=c",
        "a\n",
        "\n",
        "ä",
        "a b",
        "a,b",
        "\x00",
        '"',
        "<b>",
        "a;b",
        "٠",
        "a/b",
        "%0d%0a",
    ],
)
def test_any_other_request_id_is_made_anew(given: str) -> None:
    made = request_id(given)
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != request_id(given)


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_trace_is_continued_with_a_span_of_ours(flags: str) -> None:
    trace, span, ours = parts(traceparent(f"00-{TRACE}-{SPAN}-{flags}"))
    assert (trace, ours) == (TRACE, flags)
    assert span != SPAN


def test_a_new_trace_is_called_as_the_request_is() -> None:
    """So that one id finds it in every log, the edge's too."""
    name = request_id("")
    assert parts(traceparent("", name))[0] == name


@pytest.mark.parametrize("name", ["asked-1", "0" * 32, "A" * 32, "a" * 31, "a" * 33, ""])
def test_a_name_that_no_trace_can_have_is_not_used(name: str) -> None:
    assert parts(traceparent("", name))[0] != name


@pytest.mark.parametrize(("flags", "expected"), [("03", "01"), ("ff", "01"), ("02", "00")])
def test_unknown_flags_do_not_break_a_trace_and_are_not_sent_on(flags: str, expected: str) -> None:
    """Trace Context level 1, 3.2.2.5: the other bits are ignored, and zero in what we send."""
    trace, _, ours = parts(traceparent(f"00-{TRACE}-{SPAN}-{flags}"))
    assert (trace, ours) == (TRACE, expected)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    ],
)
def test_a_malformed_trace_is_not_continued(given: str) -> None:
    trace, _, flags = parts(traceparent(given))
    assert trace != TRACE
    assert trace != "0" * 32
    assert flags == "00"
