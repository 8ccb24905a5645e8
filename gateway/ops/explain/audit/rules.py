"""All rules, and what they find."""

from gateway.ops.explain.audit import (
    capacity,
    cluster,
    door,
    edge,
    exposure,
    outside,
    pages,
    secrets,
    stack,
    timing,
)
from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Finding, Rule, Severity

RULES: tuple[Rule, ...] = (
    *timing.RULES,
    *pages.RULES,
    *capacity.RULES,
    *secrets.RULES,
    *exposure.RULES,
    *outside.RULES,
    *edge.RULES,
    *door.RULES,
    *stack.RULES,
    *cluster.RULES,
)

_ORDER = tuple(Severity)


def audit(facts: Facts, passed_over: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Return what all rules find, but for those in ``passed_over``; the worst comes first."""
    found = [
        finding for each in RULES if each.id not in passed_over for finding in each.findings(facts)
    ]
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.severity)))


def exit_code(found: tuple[Finding, ...], *, strict: bool) -> int:
    """Return 2 where there are errors, 1 for warnings if they are to count, and 0 else."""
    severities = {each.severity for each in found}
    if Severity.ERROR in severities:
        return 2
    return 1 if strict and Severity.WARNING in severities else 0
