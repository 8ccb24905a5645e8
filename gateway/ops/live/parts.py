"""The parts of a portrait: a source, and an upstream."""

import time

from django.conf import settings

from gateway.aggregation.upstream import Upstream
from gateway.ops.explain.reading import layers_of
from gateway.ops.live.figures import MINUTE, MINUTES, per_second, series, share, spread
from gateway.ops.live.model import Error, Series, SourceNow, Spread, TroubleNow, UpstreamNow
from gateway.ops.live.ourselves import Ourselves
from gateway.runtime import Built, Runtime
from gateway.telemetry.recent import Count, Step
from gateway.telemetry.troubles import Noted, Story, Trouble

_RATES = {
    "live": Count.LIVE,
    "fresh": Count.FRESH,
    "stale": Count.STALE,
    "fallback": Count.FALLBACK,
    "failed": Count.FAILED,
    "errors": Count.ERRORS,
    "retries": Count.RETRIES,
    "hedges": Count.HEDGES,
    "refused": Count.REFUSED,
}


def source_now(built: Built, ours: Runtime, us: Ourselves) -> SourceNow:
    """Return how a source does."""
    declared, recent = built.declared, us.recent
    name = declared.name
    line, story = recent.sources.get(name), us.troubles.sources.get(name, Story())
    minute = line.together(recent.now, MINUTE) if line else Step()
    minutes = line.together(recent.now, MINUTES) if line else Step()
    near = ours.near.get(name)
    rates = {word: per_second(minute, count, recent) for word, count in _RATES.items()}
    calls, looks = minute.calls, minutes.counts[Count.HITS] + minutes.counts[Count.MISSES]
    unwell = calls - minute.counts[Count.LIVE] - minute.counts[Count.FRESH]
    return SourceNow(
        name=name,
        upstream=_upstream_of(built),
        timeout=ours.switches.seconds(declared.timeout),
        timeout_setting=declared.timeout,
        fresh=ours.switches.seconds(declared.fresh) if declared.fresh else None,
        off=ours.switches.off(name),
        rates={"calls": round(calls / recent.covered(60.0), 3), **rates},
        reasons=minutes.reasons,
        hit_share=share(minutes.counts[Count.HITS], looks),
        entries=None if near is None else len(near),
        seconds=spread(minutes) if line else Spread(),
        series=series(line, recent.now) if line else Series(),
        trouble=_trouble(us.troubles.trouble_of(name)),
        errors=tuple(_error(each) for each in reversed(story.errors)),
        shown=story.shown,
        said_at=story.said_at,
        failing_share=share(unwell, calls) or 0.0,
    )


def upstream_now(upstream: Upstream, us: Ourselves) -> UpstreamNow:
    """Return how the breaker and the gate of an upstream stand."""
    breaker = upstream.breaker.snapshot(time.monotonic())
    gate = upstream.gate.snapshot()
    opening = us.troubles.breakers.get(breaker.upstream)
    return UpstreamNow(
        name=breaker.upstream,
        address=str(getattr(settings, breaker.upstream, "")),
        state=breaker.state.value,
        since=opening.since if opening else None,
        cause=opening.cause if opening else "",
        calls=breaker.calls,
        failure_rate=round(breaker.failure_rate, 4),
        slow_rate=round(breaker.slow_rate, 4),
        slow_seconds=upstream.breaker.rules.slow_seconds,
        left_seconds=round(breaker.left_seconds, 2),
        probing=breaker.probing,
        limit=gate.limit,
        running=gate.running,
        waiting=gate.waiting,
    )


def _upstream_of(built: Built) -> str:
    gates = (each.made_of.get("gate") for each in layers_of(built))
    return next((gate.upstream for gate in gates if gate is not None), "")


def _trouble(trouble: Trouble | None) -> TroubleNow | None:
    if trouble is None:
        return None
    return TroubleNow(
        trouble.reason,
        trouble.detail,
        trouble.since,
        trouble.reason_since,
        trouble.last,
        trouble.failures,
        trouble.recovered,
    )


def _error(noted: Noted) -> Error:
    return Error(noted.kind, noted.reason, noted.detail, noted.first, noted.last, noted.times)
