"""Writing a change down: the switch itself, and who changed it from what to what, as one."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gateway.aggregation.faults import FaultRule
from gateway.ops.changing.wording import said, said_at_first
from gateway.ops.models import Change, Switch
from gateway.sources.inforce import Kind


@transaction.atomic
def switch(
    kind: Kind,
    name: str,
    value: Any,
    *,
    by: str,
    until: datetime | None = None,
    why: str = "",
) -> Switch:
    """Let ``value`` be in force for ``name``; it has been judged before. All gateways see it
    within a second or two of the end of the transaction.
    """
    plain = asdict(value) if isinstance(value, FaultRule) else value
    before = _before(kind, name)
    row, _ = Switch.objects.update_or_create(
        kind=kind,
        name=name,
        defaults={
            "value": plain,
            "until": until,
            "why": why,
            "changed_by": by,
            "changed_at": timezone.now(),
        },
    )
    end = f" until {until:%H:%M UTC, %d %b}" if until else ""
    _note(kind, name, before, f"{said(kind, value)}{end}", by=by, why=why)
    return row


@transaction.atomic
def switch_back(kind: Kind, name: str, *, by: str) -> bool:
    """Let ``name`` be as it was at the start; return whether it was any other."""
    before = _before(kind, name)
    gone, _ = Switch.objects.filter(kind=kind, name=name).delete()
    if gone:
        _note(kind, name, before, said_at_first(kind, name), by=by)
    return bool(gone)


def set_fault(source: str, rule: FaultRule | None, seconds: float, *, by: str) -> None:
    """Begin a fault of ``source`` in all gateways for ``seconds``, or end it."""
    if rule is None:
        switch_back(Kind.FAULT, source, by=by)
    else:
        until = timezone.now() + timedelta(seconds=seconds)
        switch(Kind.FAULT, source, rule, by=by, until=until)


def faults_now() -> dict[str, FaultRule]:
    """Return the faults that are switched on."""
    rows = Switch.objects.filter(kind=Kind.FAULT, until__gt=timezone.now())
    return {row.name: FaultRule(**(row.value or {})) for row in rows}


def _before(kind: Kind, name: str) -> str:
    row = Switch.objects.select_for_update().filter(kind=kind, name=name).first()
    if row is None or (row.until is not None and row.until <= timezone.now()):
        return said_at_first(kind, name)
    try:
        return said(kind, row.value)
    except (TypeError, ValueError):
        return "something that could not be read"


def _note(kind: Kind, name: str, before: str, after: str, *, by: str, why: str = "") -> None:
    Change.objects.create(kind=kind, name=name, before=before, after=after, why=why, by=by)
