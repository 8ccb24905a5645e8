"""Counting: facts become Prometheus metrics. Label values all come from closed lists."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
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
from gateway.telemetry.tallies import Spread, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 2.0)

registry = CollectorRegistry()
for collector in (ProcessCollector, PlatformCollector, GCCollector):
    collector(registry=registry)

source_calls = Tally(
    "gateway_source_calls",
    "Calls of a source's stack by how they ended; reason is empty when nothing was amiss.",
    ["source", "state", "reason"],
    registry=registry,
)
source_seconds = Spread(
    "gateway_source_seconds",
    "Seconds that a source's stack took.",
    ["source"],
    buckets=_BUCKETS,
    registry=registry,
)
cache_reads = Tally(
    "gateway_cache_reads", "Look-ups by result.", ["source", "result"], registry=registry
)
cache_failures = Tally(
    "gateway_cache_failures",
    "Operations that the shared cache did not do; the page went on without.",
    ["source", "operation", "reason"],
    registry=registry,
)
contract_drift = Tally(
    "gateway_contract_drift",
    "Sampled replies with a field that no page declares (unknown) or without an optional one "
    "(missing); at most 50 fields of a source go by their names, the others are other.",
    ["source", "field", "kind"],
    registry=registry,
)
fragments = Tally(
    "gateway_fragments",
    "Fragments of pages by what was shown.",
    ["page", "fragment", "state", "reason"],
    registry=registry,
)
crashes = Tally(
    "gateway_fragment_crashes", "Faults of our own code.", ["page", "fragment"], registry=registry
)
pages = Tally("gateway_pages", "Composed pages.", ["page", "complete"], registry=registry)
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
page_seconds = Spread(
    "gateway_page_seconds",
    "Seconds that composing a page took.",
    ["page"],
    buckets=_BUCKETS,
    registry=registry,
)


tasks = Gauge("gateway_tasks", "Tasks of the event loop that have not ended.", registry=registry)

_count_decision = counting_decisions(registry)


def count_event(event: Event) -> None:
    """Count ``event``; what is none of these was decided by a policy, or is only logged."""
    _COUNTING.get(type(event), _count_decision)(event)


def _replied(event: SourceReplied) -> None:
    source_calls.add(event.source, event.state, event.reason or "")
    source_seconds.add(event.seconds, event.source)


def _failed(event: SourceFailed) -> None:
    source_calls.add(event.source, "failed", event.reason)
    source_seconds.add(event.seconds, event.source)


def _settled(event: FragmentSettled) -> None:
    fragments.add(event.plan, event.fragment, event.state, event.reason or "")


def _composed(event: PageComposed) -> None:
    pages.add(event.plan, "yes" if event.complete else "no")
    page_seconds.add(event.seconds, event.plan)


_COUNTING: dict[type, Callable[[Any], None]] = {
    SourceReplied: _replied,
    SourceFailed: _failed,
    SourceAbandoned: lambda event: source_calls.add(event.source, "abandoned", ""),
    CacheHit: lambda event: cache_reads.add(event.source, "hit"),
    CacheMissed: lambda event: cache_reads.add(event.source, "miss"),
    CacheFailed: lambda event: cache_failures.add(event.cache, event.operation, event.reason),
    ContractDrifted: lambda event: contract_drift.add(event.source, event.field, event.kind),
    FragmentSettled: _settled,
    FragmentCrashed: lambda event: crashes.add(event.plan, event.fragment),
    PageComposed: _composed,
}


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(registry)
