"""What a running gateway has counted, beside the plan."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from gateway.ops.explain.live import measured, quantile
from gateway.ops.explain.model import Explained
from gateway.ops.explain.pages import PAGES
from gateway.ops.explain.reading import explain
from gateway.ops.explain.text import told

BOUNDS = (0.1, 0.2, 0.4)

EXPOSITION = """
# TYPE gateway_source_seconds histogram
gateway_source_seconds_bucket{le="0.1",source="promo"} 50
gateway_source_seconds_bucket{le="0.2",source="promo"} 100
gateway_source_seconds_bucket{le="+Inf",source="promo"} 100
gateway_source_seconds_count{source="promo"} 100
gateway_source_seconds_sum{source="promo"} 9
# TYPE gateway_source_calls counter
gateway_source_calls_total{reason="",source="promo",state="live"} 20
gateway_source_calls_total{reason="",source="promo",state="fresh"} 70
gateway_source_calls_total{reason="timeout",source="promo",state="fallback"} 10
gateway_source_calls_total{reason="",source="promo",state="abandoned"} 7
# TYPE gateway_cache_reads counter
gateway_cache_reads_total{result="hit",source="promo"} 75
gateway_cache_reads_total{result="miss",source="promo"} 25
# TYPE gateway_page_seconds histogram
gateway_page_seconds_bucket{le="0.1",page="home"} 0
gateway_page_seconds_bucket{le="+Inf",page="home"} 4
gateway_page_seconds_count{page="home"} 4
gateway_page_seconds_sum{page="home"} 9
# TYPE gateway_pages counter
gateway_pages_total{complete="yes",page="home"} 3
gateway_pages_total{complete="no",page="home"} 1
"""


def _home(exposition: str) -> Explained:
    return measured(Explained(explain([PAGES[0]])), exposition)


def test_percentiles_and_shares_come_from_the_counters() -> None:
    page = _home(EXPOSITION).pages[0]
    promo = page.steps[0].fragments[0].measured
    assert promo is not None
    assert (promo.calls, promo.hit_share, promo.whole_share) == (100, 0.75, 0.9)
    assert promo.p50_seconds == pytest.approx(0.1)
    assert promo.p95_seconds == pytest.approx(0.19)
    assert page.measured is not None
    assert (page.measured.calls, page.measured.whole_share) == (4, 0.75)
    assert page.measured.p50_seconds == math.inf


def test_they_are_told_in_the_text() -> None:
    text = told(_home(EXPOSITION))
    assert "100 times, p50 0.1 s, p95 0.19 s, 75 % found in the cache, 90 % live or fresh" in text
    assert "p95 more than every bound that is counted" in " ".join(text.split())
    assert text.count("nothing yet") == 3


def test_a_gateway_that_has_seen_nothing_is_no_error() -> None:
    assert told(_home("")).count("nothing yet") == 5


def test_what_is_no_exposition_is_an_error() -> None:
    with pytest.raises(ValueError, match=r".+"):
        _home("<html>not metrics</html>")


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50), st.sampled_from((0.5, 0.95)))
def test_a_percentile_lies_in_the_bucket_where_it_is(seconds: list[float], share: float) -> None:
    registry = CollectorRegistry()
    histogram = Histogram("h", "h", buckets=BOUNDS, registry=registry)
    for each in seconds:
        histogram.observe(each)
    assert generate_latest(registry)
    buckets = {
        float(sample.labels["le"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "h_bucket"
    }
    found = quantile(buckets, share)
    wanted = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    edges = (0.0, *BOUNDS, math.inf)
    index = next(i for i, bound in enumerate(edges[1:]) if wanted <= bound)
    assert found is not None
    assert edges[index] <= found <= edges[index + 1]
