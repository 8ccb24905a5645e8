"""What staff have changed while the gateways run: as it stands in Postgres, read and judged.

One small table, read as a whole. It is written through Django, in ``gateway/ops``.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from gateway.aggregation.faults import FaultRule
from gateway.environment import is_duration

SQL = """
SELECT latest.id, kind, name, value, extract(epoch FROM until)::float8, changed_by,
       extract(epoch FROM changed_at)::float8
FROM (SELECT coalesce(max(id), 0) AS id FROM ops_change) AS latest LEFT JOIN ops_switch ON true
"""


class Kind(StrEnum):
    """What can be changed."""

    SETTING = "setting"
    """So many seconds, under a setting's name."""
    OFF = "off"
    """A source that nobody is to ask."""
    FAULT = "fault"
    """A source that is slow, or fails, on purpose."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One change that is in force until ``until`` (wall clock; infinity where it has no end).

    ``value`` is a number of seconds, a ``FaultRule``, or None for a source that is off.
    """

    kind: Kind
    name: str
    value: Any
    until: float
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """All switches by kind and name; ``latest`` is the number of the latest change of all."""

    latest: int = 0
    switches: Mapping[tuple[Kind, str], Switch] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    """The names of those that make no sense: they are passed over."""


def read(rows: Iterable[tuple[Any, ...]]) -> Seen:
    """Return what ``rows`` of ``SQL`` say. One that makes no sense hides no other."""
    latest, switches, unreadable = 0, {}, []
    for newest, kind, name, value, until, by, at in rows:
        latest = newest
        if kind is None:
            continue
        try:
            known = Kind(kind)
            end = math.inf if until is None else until
            switches[known, name] = Switch(known, name, _value(known, name, value), end, by, at)
        except (ValueError, TypeError, msgspec.ValidationError):
            unreadable.append(f"{kind} {name}")
    return Seen(latest, switches, tuple(unreadable))


def may_be_zero(setting: str) -> bool:
    """Whether a setting's seconds may be 0: a fresh time, which switches keeping off."""
    return not setting.endswith("_TIMEOUT_SECONDS")


def _value(kind: Kind, name: str, value: Any) -> Any:
    match kind:
        case Kind.SETTING:
            seconds = float(value)
            if not is_duration(seconds, zero=may_be_zero(name)):
                raise ValueError(f"{seconds} is no number of seconds for {name}.")
            return seconds
        case Kind.OFF:
            return None
        case Kind.FAULT:
            return msgspec.convert(value, FaultRule)
