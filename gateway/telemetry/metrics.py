"""Counting: facts become Prometheus metrics. Label values all come from closed lists."""

from collections.abc import Callable
from functools import cache
from typing import Any

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
ready_pages = Counter(
    "gateway_ready_pages",
    "Pages that lay ready, and went out without being composed.",
    registry=registry,
)
returning_pages = Counter(
    "gateway_returning_pages",
    "Pages of members who came again, composed without going through Django.",
    registry=registry,
)
page_seconds = Histogram(
    "gateway_page_seconds",
    "Seconds that composing a page took.",
    ["page"],
    buckets=_BUCKETS,
    registry=registry,
)


tasks = Gauge("gateway_tasks", "Tasks of the event loop that have not ended.", registry=registry)

_count_decision = counting_decisions(registry)

# To look a counter up by its labels takes longer than to count, and there are few of them.
_calls_counted = cache(source_calls.labels)
_call_seconds = cache(source_seconds.labels)
_reads_counted = cache(cache_reads.labels)
_fragments_counted = cache(fragments.labels)
_pages_counted = cache(pages.labels)
_seconds_of_page = cache(page_seconds.labels)


def count_event(event: Event) -> None:
    """Count ``event``; what is none of these was decided by a policy, or is only logged."""
    _COUNTING.get(type(event), _count_decision)(event)


def _replied(event: SourceReplied) -> None:
    _calls_counted(event.source, event.state, event.reason or "").inc()
    _call_seconds(event.source).observe(event.seconds)


def _failed(event: SourceFailed) -> None:
    _calls_counted(event.source, "failed", event.reason).inc()
    _call_seconds(event.source).observe(event.seconds)


def _settled(event: FragmentSettled) -> None:
    _fragments_counted(event.plan, event.fragment, event.state, event.reason or "").inc()


def _composed(event: PageComposed) -> None:
    _pages_counted(event.plan, "yes" if event.complete else "no").inc()
    _seconds_of_page(event.plan).observe(event.seconds)


_COUNTING: dict[type, Callable[[Any], None]] = {
    SourceReplied: _replied,
    SourceFailed: _failed,
    SourceAbandoned: lambda event: _calls_counted(event.source, "abandoned", "").inc(),
    CacheHit: lambda event: _reads_counted(event.source, "hit").inc(),
    CacheMissed: lambda event: _reads_counted(event.source, "miss").inc(),
    CacheFailed: lambda event: cache_failures.labels(
        event.cache, event.operation, event.reason
    ).inc(),
    ContractDrifted: lambda event: contract_drift.labels(
        event.source, event.field, event.kind
    ).inc(),
    FragmentSettled: _settled,
    FragmentCrashed: lambda event: crashes.labels(event.plan, event.fragment).inc(),
    PageComposed: _composed,
}


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(registry)
