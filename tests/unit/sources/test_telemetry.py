"""What becomes of the facts that the engine reports: metrics and log lines."""

import ast
import dataclasses
import inspect
import io
import json
import logging
import re
import secrets
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from structlog.contextvars import bound_contextvars

from gateway.aggregation import errors
from gateway.aggregation.events import (
    BreakerOpened,
    CacheFailed,
    Event,
    FallbackServed,
    FragmentCrashed,
    FragmentSettled,
    SourceFailed,
    SourceReplied,
)
from gateway.aggregation.source import State
from gateway.telemetry import logs, metrics

FORGED = 'x\r\n{"event": "forged"}\n\u2028\u2029\x85\x1b[31m\x00'
VALUES: dict[str, Any] = {
    "calls": 3,
    "state": State.LIVE,
    "seconds": 0.1,
    "age": 1.0,
    "complete": True,
    "error": errors.SourceTimeout("thing"),
    "operation": "get",
    "reason": "timeout",
    "cause": "deadline",
    "limit": 7,
}
EVENTS = get_args(Event)


def event_of(kind: Any, **given: Any) -> Any:
    """Return an event of that class; names that are not in ``VALUES`` are called ``thing``."""
    names = [field.name for field in dataclasses.fields(kind)]
    return kind(**{name: (VALUES | given).get(name, "thing") for name in names})


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was logged, line by line, as a machine reads it."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure({"level": "INFO"})
    try:
        # Only a line feed ends a line for what reads them; splitlines() knows others too.
        yield lambda: [json.loads(line) for line in stream.getvalue().split("\n") if line]
    finally:
        root.handlers, root.level = before, level


def samples() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return all of our own metrics as they are now."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in metrics.registry.collect()
        if family.name.startswith("gateway_")
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_fact_is_counted_or_logged(kind: Any, lines: Lines) -> None:
    before = samples()
    metrics.count_event(event_of(kind, limit=secrets.randbelow(10**9)))
    logs.log_event(event_of(kind))
    assert samples() != before or lines()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SourceFailed, "source.failed"),
        (FallbackServed, "fallback.served"),
        (CacheFailed, "cache.failed"),
        (BreakerOpened, "breaker.opened"),
        (FragmentCrashed, "fragment.crashed"),
    ],
)
def test_what_somebody_may_have_to_look_at_is_one_line(kind: Any, name: str, lines: Lines) -> None:
    logs.log_event(event_of(kind))
    (line,) = lines()
    assert line["event"] == name
    assert line["level"] in ("warning", "error")
    assert "timestamp" in line
    assert "thing" in line.values()


@pytest.mark.parametrize(
    "error",
    [
        errors.BadPayload("thing", FORGED),
        ValueError(FORGED),
        UnicodeDecodeError("utf-8", FORGED.encode(), 0, 1, FORGED),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_no_text_can_write_a_line_of_its_own(kind: Any, error: Exception, lines: Lines) -> None:
    logs.log_event(event_of(kind, error=error))
    assert all(line["event"] != "forged" for line in lines())
    assert len(lines()) <= 1


def test_what_libraries_log_is_one_line_too(lines: Lines) -> None:
    logging.getLogger("some.library").warning("said %s", FORGED)
    (line,) = lines()
    assert line["event"] == f"said {FORGED}"
    assert line["logger"] == "some.library"


def _crash(secret: str) -> None:
    password = secret
    raise RuntimeError("our own fault") from ValueError(f"{len(password)} characters")


@pytest.mark.parametrize("by", ["event", "library"])
def test_a_traceback_says_where_and_shows_no_variable(by: str, lines: Lines) -> None:
    secret = secrets.token_hex(8)
    try:
        _crash(secret)
    except RuntimeError as error:
        if by == "event":
            logs.log_event(FragmentCrashed("home", "promo", error))
        else:
            logging.getLogger("django.request").exception("Internal Server Error")
    (line,) = lines()
    assert "_crash" in json.dumps(line["exception"])
    assert "our own fault" in json.dumps(line["exception"])
    assert secret not in json.dumps(line)


def test_on_a_terminal_a_traceback_shows_no_variable_either(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream, secret = Terminal(), secrets.token_hex(8)
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure({"level": "INFO"})
    try:
        _crash(secret)
    except RuntimeError as error:
        logs.log_event(FragmentCrashed("home", "promo", error))
    assert "our own fault" in stream.getvalue()
    assert secret not in stream.getvalue()


def test_on_a_terminal_a_line_is_for_people_and_still_one_line(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure({"level": "INFO"})
    with bound_contextvars(request_id="asked-1", trace_id="4bf92f"):
        logs.log.info("request", path="/books/", detail="x\ny")
    (line,) = stream.getvalue().rstrip("\n").split("\n")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    assert not plain.startswith("{")
    assert "request" in plain
    assert "path=/books/" in plain
    assert "request_id=asked-1" in plain
    assert "trace_id=4bf92f" in plain


def test_an_outage_of_postgres_is_not_logged_by_its_pool_as_well(lines: Lines) -> None:
    """It writes several lines for each page that it lets down."""
    logging.getLogger("psycopg.pool").warning("error connecting in 'pool-1'")
    assert lines() == []


def test_labels_come_from_closed_lists_whatever_the_errors_say() -> None:
    for kind in EVENTS:
        metrics.count_event(event_of(kind))
    before = set(samples())
    for number in range(50):
        error = errors.BadPayload("thing", f"{FORGED} {number}")
        for kind in EVENTS:
            metrics.count_event(event_of(kind, error=error, seconds=float(number), age=number))
    assert set(samples()) == before


def test_every_reason_is_a_short_word() -> None:
    """It is a label, and goes into headers."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    reasons = {each.reason for each in kinds if issubclass(each, errors.SourceError)}
    assert {"timeout", "refused", "payload", "crashed"} < reasons
    assert all(reason.replace("-", "").isalpha() and len(reason) <= 12 for reason in reasons)


def test_calls_are_counted_by_how_they_ended() -> None:
    before = samples()
    metrics.count_event(SourceReplied("counted", State.LIVE, 0.05))
    metrics.count_event(SourceReplied("counted", State.FALLBACK, 0.3, "timeout"))
    metrics.count_event(SourceFailed("counted", "refused", 0.01, VALUES["error"]))
    metrics.count_event(FragmentSettled("counted", "promo", "failed", 0.3, "timeout"))
    new = {key: value for key, value in samples().items() if before.get(key, 0.0) != value}

    def calls(state: str, reason: str) -> float:
        labels = {"source": "counted", "state": state, "reason": reason}
        return new["gateway_source_calls_total", tuple(sorted(labels.items()))]

    assert calls("live", "") == calls("fallback", "timeout") == calls("failed", "refused") == 1.0
    assert new["gateway_source_seconds_count", (("source", "counted"),)] == 3.0
    assert b'reason="timeout"' in metrics.exposition()


def test_it_hears_of_all_that_it_would_log() -> None:
    """Listeners are told only of what they hear: a case that is not named there would be silent."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(logs.log_event)))
    classes = [each.cls for each in ast.walk(tree) if isinstance(each, ast.MatchClass)]
    named = {each.id for each in classes if isinstance(each, ast.Name)}
    assert named == {each.__name__ for each in logs._LOGGED}
