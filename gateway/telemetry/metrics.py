"""Counting: facts become Prometheus metrics. Label values all come from closed lists."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from gateway.aggregation.events import (
    CacheFailed,
    CacheHit,
    CacheMissed,
    ContractDrifted,
    Event,
    FragmentCrashed,
    FragmentSettled,
    PageComposed,
    SourceAbandoned,
    SourceFailed,
    SourceReplied,
)
from gateway.telemetry.decisions import counting_decisions

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 2.0)

registry = CollectorRegistry()
for collector in (ProcessCollector, PlatformCollector, GCCollector):
    collector(registry=registry)

source_calls = Counter(
    "gateway_source_calls",
    "Calls of a source's stack by how they ended; reason is empty when nothing was amiss.",
    ["source", "state", "reason"],
    registry=registry,
)
source_seconds = Histogram(
    "gateway_source_seconds",
    "Seconds that a source's stack took.",
    ["source"],
    buckets=_BUCKETS,
    registry=registry,
)
cache_reads = Counter(
    "gateway_cache_reads", "Look-ups by result.", ["source", "result"], registry=registry
)
cache_failures = Counter(
    "gateway_cache_failures",
    "Operations that the shared cache did not do; the page went on without.",
    ["source", "operation", "reason"],
    registry=registry,
)
contract_drift = Counter(
    "gateway_contract_drift",
    "Sampled replies with a field that no page declares (unknown) or without an optional one "
    "(missing); at most 50 fields of a source go by their names, the others are other.",
    ["source", "field", "kind"],
    registry=registry,
)
fragments = Counter(
    "gateway_fragments",
    "Fragments of pages by what was shown.",
    ["page", "fragment", "state", "reason"],
    registry=registry,
)
crashes = Counter(
    "gateway_fragment_crashes", "Faults of our own code.", ["page", "fragment"], registry=registry
)
pages = Counter("gateway_pages", "Composed pages.", ["page", "complete"], registry=registry)
page_seconds = Histogram(
    "gateway_page_seconds",
    "Seconds that composing a page took.",
    ["page"],
    buckets=_BUCKETS,
    registry=registry,
)


tasks = Gauge("gateway_tasks", "Tasks of the event loop that have not ended.", registry=registry)

_count_decision = counting_decisions(registry)


def count_event(event: Event) -> None:  # noqa: C901 - one table, one line for each fact
    """Count ``event``; what is none of these was decided by a policy, or is only logged."""
    match event:
        case SourceReplied(source, state, seconds, reason):
            source_calls.labels(source, state.value, reason or "").inc()
            source_seconds.labels(source).observe(seconds)
        case SourceFailed(source, reason, seconds):
            source_calls.labels(source, "failed", reason).inc()
            source_seconds.labels(source).observe(seconds)
        case SourceAbandoned(source, _):
            source_calls.labels(source, "abandoned", "").inc()
        case CacheHit(source, _):
            cache_reads.labels(source, "hit").inc()
        case CacheMissed(source):
            cache_reads.labels(source, "miss").inc()
        case CacheFailed(cache, operation, reason):
            cache_failures.labels(cache, operation, reason).inc()
        case ContractDrifted(source, field, kind):
            contract_drift.labels(source, field, kind).inc()
        case FragmentSettled(plan, fragment, state, _, reason):
            fragments.labels(plan, fragment, state, reason or "").inc()
        case FragmentCrashed(plan, fragment):
            crashes.labels(plan, fragment).inc()
        case PageComposed(plan, complete, seconds):
            pages.labels(plan, "yes" if complete else "no").inc()
            page_seconds.labels(plan).observe(seconds)
        case _:
            _count_decision(event)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(registry)
