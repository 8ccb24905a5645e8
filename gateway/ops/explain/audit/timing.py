"""Rules of time (T): budgets, timeouts, and how a gateway ends."""

from collections.abc import Iterable

from gateway.aggregation.deadline import RESERVE_SECONDS
from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.rule import Severity, rule
from gateway.runtime import DRAIN_SECONDS as RUNTIME_DRAIN_SECONDS
from gateway.sources.http import Endpoint
from gateway.sources.picture import Picture
from gateway.sources.transports import CONNECT_TIMEOUT_SECONDS

PATIENCE_SECONDS = 3.0


@rule(
    "T001",
    Severity.ERROR,
    "The page gives the source up before its own time is over: its timeout means nothing, and it "
    "is blamed for a time that it never had.",
    "Make the source's timeout clearly shorter than the page's budget, or the budget longer.",
)
def slower_than_its_page(facts: Facts) -> Iterable[str]:
    for page, step, each in facts.places():
        limit, left = each.timeout, each.effective_seconds
        if limit is not None and left is not None and left < limit.seconds:
            yield (
                f"{each.source} may take {limit.seconds:g} s ({limit.setting}), but page "
                f"{page.name} leaves it {left:g} s of {step.budget.seconds:g} s."
            )


@rule(
    "T002",
    Severity.WARNING,
    "Until the source's usual latency is known, a retry must fit in with a whole timeout after it; "
    "this one never does, so that the first failures after a start are never tried again.",
    "Shorten the source's timeout, or give the page a longer budget.",
)
def retries_that_cannot_fit(facts: Facts) -> Iterable[str]:
    stacks = {each.declared.name: each for each in facts.sources}
    for page, step, each in facts.places():
        again = stacks[each.source].layer("retry") if each.source in stacks else None
        if again is None or each.timeout is None:
            continue
        needed = each.timeout.seconds + again.made_of["retrying"].pause_seconds
        left = step.budget.seconds - RESERVE_SECONDS
        if needed > left:
            yield (
                f"A retry of {each.source} needs {needed:g} s, and page {page.name} has {left:g} s."
            )


@rule(
    "T003",
    Severity.ERROR,
    "The edge gives up before the page does: visitors get its error page instead of ours.",
    "Keep PAGE_BUDGET_SECONDS well below proxy_read_timeout in deploy/nginx/nginx.conf.",
)
def longer_than_the_edge_waits(facts: Facts) -> Iterable[str]:
    waits = facts.edge_seconds("proxy_read_timeout")
    budget = facts.settings.PAGE_BUDGET_SECONDS
    if waits is not None and budget >= waits:
        yield f"PAGE_BUDGET_SECONDS is {budget:g} s, and the edge waits for {waits:g} s."


@rule(
    "T004",
    Severity.WARNING,
    "The timeout is over before connecting is: an address where nobody answers looks like a "
    "service that is slow, and is never told apart.",
    f"Give the source more than the {CONNECT_TIMEOUT_SECONDS:g} s that connecting may take.",
)
def shorter_than_connecting(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        limit = each.layer("timeout")
        if not isinstance(each.declared, Endpoint | Picture) or limit is None:
            continue
        if limit.made_of["seconds"] <= CONNECT_TIMEOUT_SECONDS:
            yield f"{each.declared.timeout} is {limit.made_of['seconds']:g} s."


@rule(
    "T005",
    Severity.ERROR,
    "Nothing but the page ends a call that hangs; refreshes beside pages have no page.",
    "Put the policy timeout into the stack that gateway/runtime.py builds.",
)
def no_timeout(facts: Facts) -> Iterable[str]:
    for each in facts.sources:
        if each.layer("timeout") is None:
            yield f"The stack of {each.declared.name} has no timeout."


@rule(
    "T006",
    Severity.ERROR,
    "Docker kills the gateway while it still answers: requests in flight are lost.",
    "Make stop_grace_period longer than notice, drain and the end of background work together.",
)
def killed_while_it_drains(facts: Facts) -> Iterable[str]:
    notice, drain = facts.settings.NOTICE_SECONDS, facts.settings.DRAIN_SECONDS
    grace = facts.compose_seconds("gateway", "stop_grace_period")
    needed = notice + drain + RUNTIME_DRAIN_SECONDS
    if grace is not None and needed >= grace:
        yield (
            f"NOTICE_SECONDS {notice:g}, DRAIN_SECONDS {drain:g} and {RUNTIME_DRAIN_SECONDS:g} s "
            f"of background work make {needed:g} s; Compose waits for {grace:g} s."
        )


@rule(
    "T007",
    Severity.WARNING,
    "A balancer learns from /readyz that a gateway ends; until it looks again it goes on sending "
    "visitors, who find nobody listening.",
    "Set NOTICE_SECONDS to a little more than the balancer takes to notice (5 is usual).",
)
def no_notice(facts: Facts) -> Iterable[str]:
    # We speak no TLS ourselves: where pages are for https alone, something stands in front.
    if facts.settings.HTTPS_ONLY and facts.settings.NOTICE_SECONDS <= 0:
        yield "NOTICE_SECONDS is 0 where TLS, and so a balancer, is in front."


@rule(
    "T008",
    Severity.ERROR,
    "The gateway ends before a page that has just begun can be there.",
    "Make DRAIN_SECONDS longer than PAGE_BUDGET_SECONDS.",
)
def drains_too_short(facts: Facts) -> Iterable[str]:
    drain, budget = facts.settings.DRAIN_SECONDS, facts.settings.PAGE_BUDGET_SECONDS
    if drain <= budget:
        yield f"DRAIN_SECONDS is {drain:g}, and a page may take {budget:g} s."


@rule(
    "T009",
    Severity.NOTE,
    "Who waits so long for a page has mostly left; what waits holds places that others need.",
    "Shorten PAGE_BUDGET_SECONDS: what is late is better missing.",
)
def longer_than_patience(facts: Facts) -> Iterable[str]:
    budget = facts.settings.PAGE_BUDGET_SECONDS
    if budget > PATIENCE_SECONDS:
        yield f"PAGE_BUDGET_SECONDS is {budget:g} s."


@rule(
    "T010",
    Severity.WARNING,
    "All sources of an upstream share a breaker, which knows one limit for slow calls: that of "
    "the source that was asked first. Good calls of the others count as slow, or bad ones do not.",
    "Give the sources of one upstream one timeout.",
)
def unequal_timeouts(facts: Facts) -> Iterable[str]:
    upstreams: dict[str, dict[str, float]] = {}
    for each in facts.sources:
        gate, limit = each.layer("bulkhead"), each.layer("timeout")
        if gate is not None and limit is not None:
            shared = upstreams.setdefault(gate.made_of["gate"].upstream, {})
            shared[each.declared.timeout] = limit.made_of["seconds"]
    for name, limits in upstreams.items():
        if len(set(limits.values())) > 1:
            said = ", ".join(f"{setting} {seconds:g} s" for setting, seconds in limits.items())
            yield f"Sources of {name} have different timeouts: {said}."


RULES = (
    slower_than_its_page,
    retries_that_cannot_fit,
    longer_than_the_edge_waits,
    shorter_than_connecting,
    no_timeout,
    killed_while_it_drains,
    no_notice,
    drains_too_short,
    longer_than_patience,
    unequal_timeouts,
)
