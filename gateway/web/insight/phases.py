"""The phases of an attempt: what lies between the moments that were noted in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.aggregation.record import Step

PHASES = {
    "connecting": ("pool", "place in the pool"),
    "connected": ("connect", "connection"),
    "first-byte": ("wait", "first byte"),
    "body": ("body", "body"),
    "decoded": ("decode", "decoding"),
}
"""By the moment that ends it: what a phase is called in the style sheet, and on the page."""

ATTEMPTS = ("http", "sql")
LAST = ("decode", "decoding")
"""What comes behind the last moment of an attempt that went well."""

_SQL_WORDS = {"connect": "connection", "wait": "query", "body": "rows"}


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a step: from when to when, in seconds of the record's clock."""

    kind: str
    name: str
    began: float
    ended: float


def phases_of(step: Step, now: float) -> tuple[Phase, ...]:
    """Return the phases of an attempt in order; a single one for any other step.

    One that has not ended goes on until ``now``.
    """
    ended = step.ended if step.ended is not None else now
    if step.kind not in ATTEMPTS:
        return (Phase(step.kind, step.kind, step.began, ended),)
    return tuple(_attempt(step, ended))


def _attempt(step: Step, ended: float) -> Iterator[Phase]:
    before, last = step.began, ""
    for moment in step.moments:
        if isinstance(moment.what, str) and moment.what in PHASES:
            kind, name = PHASES[moment.what]
            yield Phase(kind, _name(step, kind, name), before, moment.at)
            before, last = moment.at, moment.what
    if step.reason or step.ended is None:
        yield Phase("failed", step.reason or "not ended", before, ended)
    elif last != "decoded":
        yield Phase(*LAST, before, ended)


def _name(step: Step, kind: str, name: str) -> str:
    return _SQL_WORDS.get(kind, name) if step.kind == "sql" else name
