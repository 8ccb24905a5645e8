"""A tally tells what the library's own metric would tell, byte by byte."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import metrics as library

from gateway.aggregation.source import State
from gateway.telemetry.tallies import Spread, Tally

BUCKETS = (0.005, 0.1, 1.0)
VALUES = (0.0, 0.005, 0.0050001, 0.1, 0.7, 1.0, 2.5, 100.0)


@pytest.fixture(autouse=True)
def _same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_795_000_000.5)


@pytest.fixture(params=[True, False], ids=["with-created", "without-created"])
def _dated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each series say when it began, or not: one variable switches it for both."""
    monkeypatch.setenv("PROMETHEUS_DISABLE_CREATED_SERIES", str(not request.param))
    monkeypatch.setattr(library, "_use_created", request.param)


@pytest.mark.usefixtures("_dated")
def test_a_counter_is_told_as_the_library_tells_its_own() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally = Tally("gateway_x", "What\nhappened.", ["source", "reason"], ours)
    counter = Counter("gateway_x", "What\nhappened.", ["source", "reason"], registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for labels in (("promo", ""), (State.LIVE, 'a "word"'), ("promo", ""), ("live", 'a "word"')):
        tally.add(*labels)
        counter.labels(*labels).inc()
    tally.add("recco", "many", times=7)
    counter.labels("recco", "many").inc(7)
    assert generate_latest(ours) == generate_latest(theirs)


@pytest.mark.usefixtures("_dated")
def test_a_histogram_is_told_as_the_library_tells_its_own() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spread = Spread("gateway_s", "Seconds.", ["source"], ours, BUCKETS)
    histogram = Histogram("gateway_s", "Seconds.", ["source"], buckets=BUCKETS, registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for source in ("promo", "recco"):
        for value in VALUES:
            spread.add(value, source)
            histogram.labels(source).observe(value)
    assert generate_latest(ours) == generate_latest(theirs)


def test_a_name_is_given_once() -> None:
    registry = CollectorRegistry()
    Tally("gateway_x", "What happened.", [], registry)
    with pytest.raises(ValueError, match="Duplicated"):
        Counter("gateway_x", "Something else.", registry=registry)


def test_asking_twice_changes_nothing() -> None:
    registry = CollectorRegistry()
    Tally("gateway_x", "What happened.", ["source"], registry).add("promo")
    Spread("gateway_s", "Seconds.", ["source"], registry, BUCKETS).add(0.3, "promo")
    assert generate_latest(registry) == generate_latest(registry)
