"""Sources, upstreams and pages as the staff's page shows them: plain values, each with its unit."""

from typing import Any

from gateway.ops.live.charts import rate_chart, time_chart
from gateway.ops.live.model import Portrait, SourceNow, Spread, UpstreamNow
from gateway.ops.live.wording import calls, clock, milliseconds, per_second, percent

_STATES = ("live", "fresh", "stale", "fallback", "failed")


def shown_pages(told: Portrait) -> dict[str, Any]:
    """Return how pages do."""
    return {
        "rate": per_second(told.pages.rate),
        "whole": percent(told.pages.complete_share),
        "spread": _spread(told.pages.seconds),
        "calls": rate_chart(told.pages.series.calls, told.pages.series.errors, "pages"),
        "times": time_chart(told.pages.series.p95),
    }


def shown_source(each: SourceNow, told: Portrait) -> dict[str, Any]:
    """Return how a source does, with its charts and its latest failures."""
    trouble = each.trouble
    return {
        "name": each.name,
        "off": each.off,
        "trouble": trouble.reason if trouble and not trouble.recovered else "",
        "asked": bool(each.series.calls and sum(each.series.calls)),
        "rate": per_second(each.rates.get("calls", 0.0)),
        "parts": [(word, per_second(each.rates[word])) for word in _STATES if each.rates.get(word)],
        "again": [
            (word, per_second(each.rates[word]))
            for word in ("errors", "retries", "hedges", "refused")
            if each.rates.get(word)
        ],
        "reasons": sorted(each.reasons.items(), key=lambda pair: -pair[1]),
        "hits": percent(each.hit_share),
        "entries": each.entries,
        "kept": each.fresh is not None and each.fresh > 0,
        "fresh": f"{each.fresh:g} s" if each.fresh else "never",
        "timeout": f"{each.timeout:g} s",
        "spread": _spread(each.seconds),
        "calls": rate_chart(each.series.calls, each.series.errors),
        "times": time_chart(each.series.p95),
        "errors": [
            {
                "kind": error.kind,
                "reason": error.reason,
                "detail": error.detail,
                "times": error.times,
                "first": clock(error.first, told.at),
                "last": clock(error.last, told.at),
            }
            for error in each.errors
        ],
    }


def _spread(spread: Spread) -> dict[str, str]:
    return {name: milliseconds(getattr(spread, name)) for name in ("p50", "p95", "p99")}


def shown_upstream(each: UpstreamNow, told: Portrait) -> dict[str, Any]:
    """Return how breaker and gate of an upstream stand."""
    return {
        "name": each.name,
        "address": each.address,
        "state": each.state,
        "next": _next(each),
        "since": clock(each.since, told.at) if each.since else "",
        "calls": calls(each.calls),
        "failed": percent(each.failure_rate),
        "slow": percent(each.slow_rate),
        "slower": milliseconds(each.slow_seconds),
        "limit": calls(each.limit),
        "running": calls(each.running),
        "waiting": calls(each.waiting),
    }


def _next(each: UpstreamNow) -> str:
    """Return what a state that does not speak for itself means for the next call."""
    if each.state == "closed":
        return ""
    if each.left_seconds > 0:
        return f"lets nothing pass for {each.left_seconds:.1f} s"
    return "a probe is under way" if each.probing else "the next call is a probe"
