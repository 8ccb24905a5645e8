"""Small pages for tests of the engine: fragments carry the names of their sources."""

from dataclasses import dataclass

from gateway.aggregation.compose import (
    Composition,
    Declared,
    Fragment,
    Plan,
    SourceOf,
    reason_of,
    state_of,
)
from gateway.aggregation.deadline import Deadline
from gateway.aggregation.source import Call, Source
from tests.fakes import VirtualClock

BUDGET_SECONDS = 0.8
RESERVE_SECONDS = 0.010


@dataclass(frozen=True)
class Named:
    """What a plan knows of a source."""

    name: str
    asks: tuple[str, ...] = ()


def fragment(name: str, *, primary: bool = False, asks: tuple[str, ...] = ()) -> Fragment:
    """Return a fragment whose source has the same name with ``-source`` behind it."""
    return Fragment(name, Named(f"{name}-source", asks), primary)


def plan(*parts: str | Fragment, budget_seconds: float = BUDGET_SECONDS) -> Plan:
    """Return the plan ``home`` of ``parts``; a plain name is an optional fragment."""
    whole = tuple(fragment(part) if isinstance(part, str) else part for part in parts)
    return Plan("home", budget_seconds, whole)


def lookup(**sources: Source) -> SourceOf:
    """Return a way to find the source of the fragment that has the keyword's name."""

    def source_of(declared: Declared) -> Source:
        return sources[declared.name.removesuffix("-source")]

    return source_of


def call_in(clock: VirtualClock, seconds: float = 10.0, **args: object) -> Call:
    """Return a call that is due ``seconds`` from now."""
    return Call(Deadline.after(seconds, clock.time), args)


def states(page: Composition) -> dict[str, str]:
    """Return each fragment's state, and its reason where there is one, as ``state reason``."""
    return {
        name: " ".join(filter(None, (state_of(outcome), reason_of(outcome))))
        for name, outcome in page.outcomes.items()
    }
