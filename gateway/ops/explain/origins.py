"""Where a number has come from: the environment, .env, our default, staff, or the code itself."""

import math
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

import gateway.settings as declared
from gateway.ops.explain.model import Figure
from gateway.sources.inforce import Kind, Switch
from gateway.sources.switches import Switches


def figure(seconds: float, setting: str | None, switches: Switches | None = None) -> Figure:
    """Return ``seconds`` with the ``setting`` that says so; without one where it does not.

    ``switches`` are what staff have changed while the gateways run.
    """
    if setting is None:
        return Figure(seconds)
    switch = changed(switches, Kind.SETTING, setting)
    if switch is not None and switch.value == seconds:
        return Figure(seconds, setting, f"changed at run time {by_whom(switch)}")
    if getattr(settings, setting, None) != seconds:
        return Figure(seconds)
    return Figure(seconds, setting, origin(setting))


def changed(switches: Switches | None, kind: Kind, name: str) -> Switch | None:
    """Return what staff have changed about ``name``, if that is in force now."""
    found = switches.in_force() if switches else []
    return next((each for each in found if (each.kind, each.name) == (kind, name)), None)


def by_whom(switch: Switch) -> str:
    """Return who changed it, and until when: ``by Ada (member 7) until 18:00 UTC, 27 Nov``."""
    if math.isinf(switch.until):
        return f"by {switch.by}"
    until = datetime.fromtimestamp(switch.until, UTC)
    return f"by {switch.by} until {until:%H:%M UTC, %d %b}"


def origin(setting: str) -> str:
    """Return where the value of ``setting`` comes from, in a word or two."""
    missing: Any = object()
    if getattr(declared, setting, missing) != getattr(settings, setting, missing):
        return "changed since the start"
    return declared._env.origin(setting)
