"""Tallies: counters and histograms to which it costs next to nothing to add.

Those of prometheus_client take a lock and five calls for each addition, as programs of many threads
need it. What the engine reports is counted on the thread of its event loop alone, a dozen times for
a page, and is read by a scrape now and then. So it is kept in plain numbers here, and is made into
samples when somebody asks: with the names, labels and values that the library's own would have.
"""

import math
import os
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

_Labels = tuple[str, ...]


def _tells_since_when() -> bool:
    """Whether each series says when it began, as the library's own decide it."""
    switch = os.environ.get("PROMETHEUS_DISABLE_CREATED_SERIES", "false")
    return switch.lower() not in ("true", "1", "t")


class _Number:
    """One series of a counter. ``since`` is on the wall clock, in seconds."""

    __slots__ = ("since", "value")

    def __init__(self) -> None:
        self.since = time.time()
        self.value = 0


class _Spread:
    """One series of a histogram: how many values lie in each bucket, and their sum."""

    __slots__ = ("counts", "since", "sum")

    def __init__(self, buckets: int) -> None:
        self.since = time.time()
        self.counts = [0] * buckets
        self.sum = 0.0


class Tally(Collector):
    """A counter by labels; ``name`` is without the ``_total`` that its samples have."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labelnames = tuple(labels)
        self._series: dict[_Labels, _Number] = {}
        registry.register(self)

    def add(self, *labels: str, times: int = 1) -> None:
        """Count what happened, under the values of all labels in their order."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = _Number()
        series.value += times

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Give the family without samples."""
        yield CounterMetricFamily(self._name, self._documentation, labels=self._labelnames)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the family with all samples."""
        is_dated = _tells_since_when()
        for family in self.describe():
            for labels, series in list(self._series.items()):
                since = series.since if is_dated else None
                family.add_metric(labels, series.value, created=since)
            yield family


class Spread(Collector):
    """A histogram by labels. ``buckets`` are upper bounds, without the infinite one."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str],
        registry: CollectorRegistry,
        buckets: Sequence[float],
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labelnames = tuple(labels)
        self._upper_bounds = (*buckets, math.inf)
        self._series: dict[_Labels, _Spread] = {}
        registry.register(self)

    def add(self, value: float, *labels: str) -> None:
        """Take note of a value, under the values of all labels in their order."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = _Spread(len(self._upper_bounds))
        series.counts[bisect_left(self._upper_bounds, value)] += 1
        series.sum += value

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Give the family without samples."""
        yield HistogramMetricFamily(self._name, self._documentation, labels=self._labelnames)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the family with all samples."""
        is_dated = _tells_since_when()
        for family in self.describe():
            for labels, series in list(self._series.items()):
                family.add_metric(labels, self._cumulated(series), series.sum)
                if is_dated:
                    named = dict(zip(self._labelnames, labels, strict=True))
                    family.add_sample(f"{self._name}_created", named, series.since)
            yield family

    def _cumulated(self, series: _Spread) -> list[tuple[str, float]]:
        """Return for each upper bound how many values are not beyond it."""
        bounds = (*map(str, self._upper_bounds[:-1]), "+Inf")
        return list(zip(bounds, accumulate(series.counts), strict=True))
