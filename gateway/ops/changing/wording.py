"""A switch in a few words, for the history and for whoever reads it."""

from typing import Any

from django.conf import settings

from gateway.aggregation.faults import FaultRule
from gateway.ops.explain.origins import origin
from gateway.sources.inforce import Kind


def said(kind: Kind, value: Any) -> str:
    """Return what is in force: ``0.25 s``, ``off``, ``250 ms for 30 % of calls``."""
    match kind:
        case Kind.SETTING:
            return f"{float(value):g} s"
        case Kind.OFF:
            return "off"
        case Kind.FAULT:
            return fault_in_words(value if isinstance(value, FaultRule) else FaultRule(**value))


def said_at_first(kind: Kind, name: str) -> str:
    """Return what is in force where nothing was changed."""
    match kind:
        case Kind.SETTING:
            return f"{getattr(settings, name):g} s ({origin(name)})"
        case Kind.OFF:
            return "on"
        case Kind.FAULT:
            return "no fault"


def fault_in_words(rule: FaultRule) -> str:
    """Return a fault in words, with its units."""
    parts = []
    if rule.delay_seconds and rule.delay_percent:
        parts.append(f"{rule.delay_seconds * 1000:g} ms for {rule.delay_percent:g} % of calls")
    if rule.abort_percent:
        parts.append(f"{rule.abort_percent:g} % of calls fail")
    return ", ".join(parts) or "nothing"
