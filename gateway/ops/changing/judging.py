"""Whether a change makes sense: by the rules that ``manage.py audit`` judges a start by."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from gateway.environment import MOST_SECONDS, is_duration
from gateway.ops.changing.tunable import SETTINGS, pages_that_need
from gateway.ops.explain.audit import pages, timing
from gateway.ops.explain.audit.facts import Facts
from gateway.ops.explain.audit.gathering import built
from gateway.ops.explain.audit.rule import Severity
from gateway.ops.explain.pages import PAGES
from gateway.sources.inforce import Kind, Seen, Switch, may_be_zero

RULES = (
    timing.slower_than_its_page,
    timing.retries_that_cannot_fit,
    timing.shorter_than_connecting,
    timing.unequal_timeouts,
    pages.fresh_for_too_long,
    pages.stale_for_too_short,
    pages.switched_off,
    pages.proofs_are_kept,
)
"""The rules about what can be changed at run time."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Sentences: what forbids the change, and what whoever makes it should know."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge_setting(name: str, seconds: float, others: Mapping[str, float]) -> Judgement:
    """Return what is wrong with ``name`` being ``seconds``, where ``others`` are changed already.

    What would be wrong without this change too is nobody's business here.
    """
    if name not in SETTINGS:
        return Judgement((f"{name} cannot be changed while the gateways run.",))
    zero = may_be_zero(name)
    if not is_duration(seconds, zero=zero):
        least = "0 or more" if zero else "more than 0"
        return Judgement((f"It must be a number of seconds, {least} and at most {MOST_SECONDS}.",))
    before = _findings({each: others[each] for each in others if each != name})
    after = _findings({**others, name: seconds})
    news = [each for each in after if each not in before]
    return Judgement(
        tuple(said for severity, said in news if severity is Severity.ERROR),
        tuple(said for severity, said in news if severity is not Severity.ERROR),
    )


def judge_off(source: str) -> Judgement:
    """Return what is wrong with switching ``source`` off."""
    if needed := pages_that_need(source):
        said = ", ".join(needed)
        return Judgement((f"{source} is primary: without it there is no page {said}.",))
    return Judgement()


def _findings(changed: Mapping[str, float]) -> list[tuple[Severity, str]]:
    switches = {
        (Kind.SETTING, name): Switch(Kind.SETTING, name, seconds, math.inf, "", 0.0)
        for name, seconds in changed.items()
    }
    plans, sources = asyncio.run(built(PAGES, Seen(0, switches)))
    facts = Facts(settings=settings, pages=plans, sources=sources)
    return [
        (rule.severity, f"{each.what} {each.why}")
        for rule in RULES
        for each in rule.findings(facts)
    ]
