"""Judging queries: everything that they name must be there to be asked for."""

from collections.abc import Iterator

from tests.unit.deploy import known
from tests.unit.deploy.promql import Matcher, Query, read

STATES = {"live", "fresh", "stale", "fallback", "failed", "abandoned"}


def faults(text: str, recorded: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with a query, in words; ``recorded`` names the recording rules."""
    return list(_faults(read(text), recorded))


def _faults(query: Query, recorded: frozenset[str]) -> Iterator[str]:
    labels = set(known.ITS_OWN_LABELS)
    if not query.selectors:
        yield "it names no metric"
    for metric, matchers in query.selectors:
        if metric in recorded:
            continue
        if metric not in known.metrics():
            yield f"there is no metric {metric}"
            continue
        labels |= known.metrics()[metric]
        yield from _of_selector(metric, matchers)
    for label in query.grouped_by - labels:
        yield f"it groups by {label}, which none of its metrics has"


def _of_selector(metric: str, matchers: tuple[Matcher, ...]) -> Iterator[str]:
    allowed = known.metrics()[metric] | known.ITS_OWN_LABELS
    for matcher in matchers:
        if matcher.label not in allowed:
            yield f"{metric} has no label {matcher.label}"
    named = {matcher.label: matcher.values for matcher in matchers}
    if metric == "gateway_policy_decisions_total":
        yield from _of_decisions(named)
    for bound in set(named.get("le", ())) - {"+Inf"}:
        if bound not in known.buckets(metric.removesuffix("_bucket")):
            yield f"{metric} has no bucket {bound}"
    for state in set(named.get("state", ())) - STATES:
        yield f"there is no state {state}"


def _of_decisions(named: dict[str, tuple[str, ...]]) -> Iterator[str]:
    policies = {policy for policy, _ in known.decisions()}
    for policy in named.get("policy", ()):
        if policy not in policies:
            yield f"there is no policy {policy}"
    for decision in named.get("decision", ()):
        possible = named.get("policy") or tuple(policies)
        if not any((policy, decision) in known.decisions() for policy in possible):
            yield f"no such policy decides {decision}"
