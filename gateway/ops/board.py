"""What the page shows, as plain values. Every figure says its unit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from gateway.aggregation.faults import FaultRule
from gateway.ops.changing.tunable import CAN_BE_OFF, SETTINGS, fixed
from gateway.ops.changing.wording import said, said_at_first
from gateway.ops.explain.origins import origin
from gateway.ops.forms import FaultForm, fault_form
from gateway.ops.live.charts import rate_chart, time_chart
from gateway.ops.live.diagnosis import diagnose
from gateway.ops.live.model import Portrait, SourceNow, Spread, UpstreamNow
from gateway.ops.live.presence import SILENT_SECONDS, Company
from gateway.ops.live.wording import ago, calls, clock, milliseconds, per_second, percent
from gateway.ops.sources import SOURCES
from gateway.sources.inforce import Kind, Switch
from gateway.sources.switches import Switches

NO_REDIS = (
    "Redis does not answer: other gateways are not known, nothing can be purged, and below stands "
    "what the gateway that answers knows by itself."
)
NO_POSTGRES = (
    "Postgres does not answer: nothing can be changed. You see this page because you saw it a few "
    "minutes ago."
)
GONE = "The gateway that you looked at is gone; below stands the one that answers."
_STATES = ("live", "fresh", "stale", "fallback", "failed")


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the page is made of: whose portrait, who else there is, and what is switched.

    ``mine`` is the gateway that answers, ``shown`` the one whose figures are shown.
    """

    mine: Portrait
    shown: Portrait
    company: Company
    switches: Switches
    history: Sequence[dict[str, Any]] | None = None
    asked_for_another: bool = False
    postgres_answers: bool = True


def present(scene: Scene, judged: dict[str, FaultForm]) -> dict[str, Any]:
    """Return the page's values; ``judged`` holds the form that was sent and is not accepted."""
    shown, now = scene.shown, scene.shown.at
    in_force = scene.switches.in_force()
    findings = diagnose(shown, in_force, scene.company.portraits)
    return {
        "problems": list(_problems(scene)),
        "read_at": clock(now),
        "shown": _gateway(shown, scene),
        "findings": findings,
        "bad": sum(each.bad for each in findings),
        "gateways": [_gateway(each, scene) for each in _fleet(scene)],
        "pages": _pages(shown),
        "upstreams": [_upstream(each, shown) for each in shown.upstreams],
        "sources": [_source(each, shown) for each in shown.sources],
        "switchboard": [_switch(name, scene.switches, in_force, judged, now) for name in SOURCES],
        "settings": [_setting(name, in_force, now) for name in SETTINGS],
        "fixed": fixed(),
        "history": scene.history,
        "can_change": scene.postgres_answers,
    }


def _problems(scene: Scene) -> Any:
    if not scene.postgres_answers:
        yield NO_POSTGRES
    if not scene.company.redis_answers:
        yield NO_REDIS
    if scene.asked_for_another and scene.shown.id == scene.mine.id:
        yield GONE


def _fleet(scene: Scene) -> list[Portrait]:
    """Return all gateways: ours as it is now, the others as they have told."""
    others = [each for each in scene.company.portraits if each.id != scene.mine.id]
    return sorted([scene.mine, *others], key=lambda each: (each.host, each.process))


def _gateway(told: Portrait, scene: Scene) -> dict[str, Any]:
    silent = scene.mine.at - told.at
    open_ones = [each.name for each in told.upstreams if each.state != "closed"]
    latest = max(each.latest_change for each in _fleet(scene))
    troubled = [each.name for each in told.sources if each.trouble and not each.trouble.recovered]
    return {
        "id": told.id,
        "name": f"{told.host}, process {told.process}",
        "mine": told.id == scene.mine.id,
        "looked_at": told.id == scene.shown.id,
        "state": f"silent for {ago(silent)}" if silent > SILENT_SECONDS else told.state,
        "well": silent <= SILENT_SECONDS and told.state == "ready",
        "up": ago(told.at - told.began),
        "version": " ".join(filter(None, (told.version, told.commit))),
        "platform": f"Python {told.python}, Django {told.django}",
        "pages": per_second(told.pages.rate),
        "whole": percent(told.pages.complete_share),
        "p95": milliseconds(told.pages.seconds.p95),
        "inside": f"{told.door.inside} of {told.door.limit}",
        "refused": per_second(told.door.refused + told.door.late),
        "memory": f"{told.memory_bytes / 1_048_576:.0f} MB" if told.memory_bytes else "–",
        "tasks": told.tasks,
        "open": ", ".join(open_ones) or "none",
        "trouble": ", ".join(troubled) or "none",
        "change": told.latest_change,
        "behind": told.latest_change < latest,
    }


def _pages(told: Portrait) -> dict[str, Any]:
    return {
        "rate": per_second(told.pages.rate),
        "whole": percent(told.pages.complete_share),
        "spread": _spread(told.pages.seconds),
        "calls": rate_chart(told.pages.series.calls, told.pages.series.errors, "pages"),
        "times": time_chart(told.pages.series.p95),
    }


def _source(each: SourceNow, told: Portrait) -> dict[str, Any]:
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


def _upstream(each: UpstreamNow, told: Portrait) -> dict[str, Any]:
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


def _switch(
    name: str,
    switches: Switches,
    in_force: list[Switch],
    judged: dict[str, FaultForm],
    now: float,
) -> dict[str, Any]:
    fault = next((each for each in in_force if (each.kind, each.name) == (Kind.FAULT, name)), None)
    off = next((each for each in in_force if (each.kind, each.name) == (Kind.OFF, name)), None)
    purged = switches.purged_at(name)
    return {
        "name": name,
        "fault": _fault(fault, now) if fault else None,
        "off": f"by {off.by}, {_until(off, now)}" if off else "",
        "can_be_off": name in CAN_BE_OFF,
        "purged": clock(purged) if purged else "",
        "form": judged.get(name) or _form(name, fault.value if fault else None),
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


def _fault(fault: Switch, now: float) -> dict[str, str]:
    rule = fault.value
    delay = f"{rule.delay_seconds * 1000:g} ms for {rule.delay_percent:g} % of calls"
    return {
        "delay": delay if rule.delay_seconds and rule.delay_percent else "none",
        "abort": f"{rule.abort_percent:g} % of calls" if rule.abort_percent else "none",
        "until": _until(fault, now),
        "by": fault.by,
    }


def _until(switch: Switch, now: float) -> str:
    if math.isinf(switch.until):
        return "until it is ended"
    return f"{clock(switch.until)} ({ago(max(1.0, switch.until - now))} left)"


def _setting(name: str, in_force: list[Switch], now: float) -> dict[str, Any]:
    found = next(
        (each for each in in_force if (each.kind, each.name) == (Kind.SETTING, name)), None
    )
    first = said_at_first(Kind.SETTING, name)
    if found is None:
        return {"name": name, "value": first.partition(" (")[0], "origin": origin(name)}
    return {
        "name": name,
        "value": said(Kind.SETTING, found.value),
        "origin": f"changed at run time by {found.by}, {_until(found, now)}",
        "first": first,
        "changed": True,
    }
