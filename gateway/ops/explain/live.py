"""What a running gateway has measured: read from its /metrics, and put beside the plan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from gateway.ops.explain.model import Explained, FragmentPlan, Measured, PagePlan, StepPlan

_SOURCE_SECONDS = "gateway_source_seconds"
_PAGE_SECONDS = "gateway_page_seconds"
_WHOLE = ("live", "fresh")


@dataclass(slots=True)
class _Seen:
    """What was counted under one name; ``buckets`` holds calls by upper bound, in seconds."""

    buckets: dict[float, float] = field(default_factory=dict)
    hits: float = 0.0
    looks: float = 0.0
    whole: float = 0.0
    ended: float = 0.0

    def measured(self) -> Measured:
        return Measured(
            calls=int(max(self.ended, self.buckets.get(math.inf, 0.0))),
            p50_seconds=quantile(self.buckets, 0.5),
            p95_seconds=quantile(self.buckets, 0.95),
            hit_share=self.hits / self.looks if self.looks else None,
            whole_share=self.whole / self.ended if self.ended else None,
        )


def measured(explained: Explained, exposition: str) -> Explained:
    """Return the plan with what ``exposition`` (Prometheus' text) says of its pages and sources.

    Raises ``ValueError`` where the text is none.
    """
    sources: dict[str, _Seen] = {}
    pages: dict[str, _Seen] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            _take(sample.name, sample.labels, sample.value, sources, pages)
    return Explained(tuple(_page(page, sources, pages) for page in explained.pages))


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Return the seconds within which ``share`` of the calls ended, as Prometheus reckons it.

    ``buckets`` are calls by upper bound, each with those below it. Within a bucket calls count as
    spread evenly. None where there were none; infinity where it lies past the last bound.
    """
    total = buckets.get(math.inf, 0.0)
    if total <= 0:
        return None
    low, below, wanted = 0.0, 0.0, share * total
    for bound, calls in sorted(buckets.items()):
        if calls >= wanted:
            if math.isinf(bound):
                return math.inf
            inside = calls - below
            return low + (bound - low) * ((wanted - below) / inside if inside else 1.0)
        low, below = bound, calls
    return math.inf


def _take(
    name: str,
    labels: Mapping[str, str],
    value: float,
    sources: dict[str, _Seen],
    pages: dict[str, _Seen],
) -> None:
    of, label = (pages, "page") if "page" in labels else (sources, "source")
    if label not in labels:
        return
    seen = of.setdefault(labels[label], _Seen())
    match name:
        case "gateway_source_seconds_bucket" | "gateway_page_seconds_bucket":
            seen.buckets[float(labels["le"])] = value
        case "gateway_cache_reads_total":
            seen.looks += value
            seen.hits += value if labels["result"] == "hit" else 0.0
        case "gateway_source_calls_total" if labels["state"] != "abandoned":
            seen.ended += value
            seen.whole += value if labels["state"] in _WHOLE else 0.0
        case "gateway_pages_total":
            seen.ended += value
            seen.whole += value if labels["complete"] == "yes" else 0.0


def _page(page: PagePlan, sources: dict[str, _Seen], pages: dict[str, _Seen]) -> PagePlan:
    # The last step is the page's own; those before it only say what it is to ask.
    seen = pages.get(page.steps[-1].name, _Seen())
    steps = tuple(_step(step, sources) for step in page.steps)
    return replace(page, steps=steps, measured=seen.measured())


def _step(step: StepPlan, sources: dict[str, _Seen]) -> StepPlan:
    return replace(step, fragments=tuple(_fragment(each, sources) for each in step.fragments))


def _fragment(fragment: FragmentPlan, sources: dict[str, _Seen]) -> FragmentPlan:
    return replace(fragment, measured=sources.get(fragment.source, _Seen()).measured())
