"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.ops.explain.audit.facts import Facts


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It does harm, or will with the first visitor or the first outage."""
    WARNING = "warning"
    """It works, but not as whoever wrote it will have meant it."""
    NOTE = "note"
    """It may be meant so. It is told so that somebody has decided it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one place. ``what`` says what is there, ``why`` why that is bad."""

    rule: str
    severity: Severity
    what: str
    why: str
    remedy: str


Find = Callable[[Facts], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``find`` gives one sentence for each place where the rule is broken."""

    id: str
    severity: Severity
    why: str
    remedy: str
    find: Find

    def findings(self, facts: Facts) -> tuple[Finding, ...]:
        """Return what the rule finds in ``facts``, each once."""
        return tuple(
            Finding(self.id, self.severity, what, self.why, self.remedy)
            for what in dict.fromkeys(self.find(facts))
        )


def rule(identity: str, severity: Severity, why: str, remedy: str) -> Callable[[Find], Rule]:
    """Return what makes a rule of a function that finds."""
    return lambda find: Rule(identity, severity, why, remedy, find)
