"""What the page shows, as plain values. Every figure says its unit."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from redis.exceptions import RedisError

from gateway.aggregation.breaker import BreakerSnapshot, BreakerState
from gateway.aggregation.faults import FaultRule
from gateway.aggregation.upstream import Upstream
from gateway.ops.forms import FaultForm, fault_form
from gateway.ops.sources import SOURCES
from gateway.runtime import Runtime
from gateway.sources.redis_cache import reason_of
from gateway.sources.switches import Standing, standings

UNREADABLE = "unreadable"
_PROBLEMS = {
    UNREADABLE: "What Redis holds of the switches cannot be read, so the gateways go on with what "
    "they saw last; switching a fault off removes what is held of its source.",
}
_SILENT = (
    "Redis does not answer: nothing can be switched or purged now, and below stands what this "
    "gateway saw last."
)


@dataclass(frozen=True, slots=True)
class Found:
    """How all sources are switched at ``now`` (wall clock), and why that may not be the newest."""

    now: float
    standings: dict[str, Standing]
    problem: str = ""
    """One word of ``reason_of``; empty where Redis answered."""

    @property
    def silent(self) -> bool:
        """Whether Redis did not answer."""
        return self.problem not in ("", UNREADABLE)


async def find(ours: Runtime, now: float) -> Found:
    """Ask Redis how the sources are switched; where it fails, say what this gateway does."""
    try:
        return Found(now, await standings(ours.redis, now))
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        seen = {
            name: Standing(ours.switches.fault(name), 0.0, ours.switches.purged_at(name))
            for name in SOURCES
        }
        return Found(now, seen, reason_of(error))


def present(
    found: Found, upstreams: Iterable[Upstream], monotonic: float, judged: dict[str, FaultForm]
) -> dict[str, Any]:
    """Return the page's values; ``judged`` holds the form that was sent and is not accepted."""
    return {
        "problem": _PROBLEMS.get(found.problem, _SILENT) if found.problem else "",
        "read_at": _clock(found.now),
        "gateway": f"{socket.gethostname()}, process {os.getpid()}",
        "sources": [_source(name, found, judged) for name in SOURCES],
        "upstreams": [_upstream(each, monotonic) for each in upstreams],
    }


def _source(name: str, found: Found, judged: dict[str, FaultForm]) -> dict[str, Any]:
    standing = found.standings.get(name, Standing())
    return {
        "name": name,
        "fault": _fault(standing, found.now) if standing.rule else None,
        "purged": _clock(standing.purged_at) if standing.purged_at else "",
        "form": judged.get(name) or _form(name, standing.rule),
        "refused": name in judged,
    }


def _form(name: str, rule: FaultRule | None) -> forms.Form:
    form = fault_form(name)
    if rule:
        form.initial = {
            "delay_ms": round(rule.delay_seconds * 1000),
            "delay_percent": f"{rule.delay_percent or 100:g}",
            "abort_percent": f"{rule.abort_percent:g}",
        }
    return form


def _fault(standing: Standing, now: float) -> dict[str, str]:
    rule = standing.rule or FaultRule()
    delay = f"{rule.delay_seconds * 1000:g} ms for {rule.delay_percent:g} % of calls"
    left = f"{_clock(standing.until)} ({_left(standing.until - now)} left)"
    return {
        "delay": delay if rule.delay_seconds and rule.delay_percent else "none",
        "abort": f"{rule.abort_percent:g} % of calls" if rule.abort_percent else "none",
        "until": left if standing.until else "not known",
    }


def _upstream(upstream: Upstream, monotonic: float) -> dict[str, str]:
    breaker, gate = upstream.breaker.snapshot(monotonic), upstream.gate.snapshot()
    return {
        "name": breaker.upstream,
        "state": breaker.state.value,
        "next": _next(breaker),
        "calls": _calls(breaker.calls),
        "failed": f"{breaker.failure_rate * 100:.0f} %",
        "slow": f"{breaker.slow_rate * 100:.0f} %",
        "limit": _calls(gate.limit),
        "running": _calls(gate.running),
        "waiting": _calls(gate.waiting),
    }


def _next(breaker: BreakerSnapshot) -> str:
    """Return what a state that does not speak for itself means for the next call."""
    match breaker.state:
        case BreakerState.CLOSED:
            return ""
        case BreakerState.OPEN if breaker.left_seconds > 0:
            return f"lets nothing pass for {breaker.left_seconds:.1f} s"
        case _:
            return "a probe is under way" if breaker.probing else "the next call is a probe"


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"


def _left(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 120 else f"{round(whole / 60)} min"


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%H:%M:%S UTC, %d %b")
