"""What the gateway counts, asked of its registry and of its plans."""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import Any

import django.urls
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

import gateway
from gateway.aggregation import events
from gateway.aggregation.compose import Fragment, Plan
from gateway.telemetry.decisions import counting_decisions
from gateway.telemetry.metrics import registry

# What Prometheus itself adds, and what our own scrape configuration does.
ITS_OWN_METRICS = {"up"}
ITS_OWN_LABELS = {"job", "instance", "ready", "pod"}
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "gauge": ("",),
    "info": ("_info",),
}


@cache
def metrics() -> dict[str, frozenset[str]]:
    """The labels of every series that the gateway exposes, by the series' name."""
    django.urls.get_resolver().url_patterns  # noqa: B018 - every room is imported by this
    found = dict.fromkeys(ITS_OWN_METRICS, frozenset[str]())
    for collector in list(registry._collector_to_names):
        labels = frozenset(getattr(collector, "_labelnames", ()))
        for metric in _described(collector):
            for suffix in SUFFIXES[metric.type]:
                extra = {"le"} if suffix == "_bucket" else set()
                found[metric.name + suffix] = labels | extra
    return found


def _described(collector: Any) -> Iterable[Metric]:
    return collector.describe() if hasattr(collector, "describe") else collector.collect()


def buckets(histogram: str) -> set[str]:
    """The upper bounds of a histogram, as its exposition spells them."""
    [collector] = {
        each
        for each, names in registry._collector_to_names.items()
        if f"{histogram}_bucket" in names
    }
    return {str(bound) for bound in collector._upper_bounds}  # type: ignore[attr-defined]


@cache
def decisions() -> frozenset[tuple[str, str]]:
    """Every policy and decision that the engine's events can be counted as."""
    ours = CollectorRegistry()
    listen = counting_decisions(ours)
    for kind in vars(events).values():
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
            listen(kind(*(1 if each.type is int else "x" for each in fields(kind))))
    return frozenset(
        (sample.labels["policy"], sample.labels["decision"])
        for metric in ours.collect()
        for sample in metric.samples
        if "policy" in sample.labels
    )


@cache
def fragments() -> tuple[Fragment, ...]:
    """The fragments of every page that is planned before anybody asks for it."""
    found = []
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if module.name.endswith(".plan"):
            members = vars(importlib.import_module(module.name)).values()
            found += [f for plan in members if isinstance(plan, Plan) for f in plan.fragments]
    return tuple(found)
