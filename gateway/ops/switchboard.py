"""What is switched, and the forms that switch it, as the page shows them."""

import math
from typing import Any

from django import forms

from gateway.aggregation.faults import FaultRule
from gateway.ops.changing.tunable import CAN_BE_OFF
from gateway.ops.changing.wording import said, said_at_first
from gateway.ops.explain.origins import origin
from gateway.ops.forms import FaultForm, fault_form
from gateway.ops.live.wording import ago, clock
from gateway.sources.inforce import Kind, Switch
from gateway.sources.switches import Switches


def shown_switch(
    name: str,
    switches: Switches,
    in_force: list[Switch],
    now: float,
) -> dict[str, Any]:
    """Return how a source is switched."""
    fault = next((each for each in in_force if (each.kind, each.name) == (Kind.FAULT, name)), None)
    off = next((each for each in in_force if (each.kind, each.name) == (Kind.OFF, name)), None)
    purged = switches.purged_at(name)
    return {
        "name": name,
        "fault": _fault(fault, now) if fault else None,
        "off": f"by {off.by}, {_until(off, now)}" if off else "",
        "can_be_off": name in CAN_BE_OFF,
        "purged": clock(purged) if purged else "",
    }


def shown_form(name: str, in_force: list[Switch], judged: dict[str, FaultForm]) -> dict[str, Any]:
    """Return the form that switches a fault on; ``judged`` holds one that is not accepted."""
    fault = next((each for each in in_force if (each.kind, each.name) == (Kind.FAULT, name)), None)
    form = judged.get(name) or _form(name, fault.value if fault else None)
    return {"name": name, "form": form, "refused": name in judged}


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


def shown_setting(name: str, in_force: list[Switch], now: float) -> dict[str, Any]:
    """Return a setting that can be changed at run time, and where its value comes from."""
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
