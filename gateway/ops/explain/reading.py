"""Reading pages back from what the runtime builds for them. Nothing is connected to for this."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from django.conf import settings

from gateway.aggregation.compose import Fragment, Plan
from gateway.aggregation.deadline import RESERVE_SECONDS
from gateway.aggregation.events import nobody
from gateway.aggregation.layers import Layer
from gateway.aggregation.negative import MOST_SECONDS
from gateway.ops.explain.bounds import effective_timeout, extra_share, worst_of
from gateway.ops.explain.model import Bound, Figure, FragmentPlan, Kept, PagePlan, StepPlan
from gateway.ops.explain.origins import figure
from gateway.ops.explain.pages import Page
from gateway.ops.explain.words import formula, if_it_dies
from gateway.runtime import Built, Runtime
from gateway.sources.declaration import Declaration
from gateway.sources.http import Endpoint
from gateway.sources.orm import Query
from gateway.sources.picture import Picture

_ATTEMPTS_IN_POSTGRES = 2
"""The adapter asks again where the connection was dead already: ``Postgres.rows``."""


def explain(pages: Iterable[Page]) -> tuple[PagePlan, ...]:
    """Return what the runtime makes of ``pages``, with today's settings."""
    return asyncio.run(explained(pages))


async def explained(pages: Iterable[Page], runtime: Runtime | None = None) -> tuple[PagePlan, ...]:
    """Do the same in a loop that runs; of a ``runtime`` that is there already, if one is given."""
    ours = runtime or Runtime(emit=nobody)
    try:
        return tuple(_page(page, ours) for page in pages)
    finally:
        if runtime is None:
            await ours.close()


def built_of(fragment: Fragment, ours: Runtime) -> Built:
    """Return the stack that the runtime has around the source of ``fragment``.

    Sources are told apart by name: of two with one name, the stack of the first serves both.
    """
    ours.source(fragment.source)
    return next(each for each in ours.built if each.declared.name == fragment.source.name)


def layers_of(built: Built) -> tuple[Layer, ...]:
    """Return the stack's layers, outermost first. One that cannot tell is named as such."""
    return tuple(
        each if isinstance(each, Layer) else Layer("unnamed", {}, each) for each in built.policies
    )


def _page(page: Page, ours: Runtime) -> PagePlan:
    budget = figure(settings.PAGE_BUDGET_SECONDS, "PAGE_BUDGET_SECONDS")
    steps = tuple(_step(plan, budget, ours) for plan in page.plans)
    seconds = min(sum(step.worst.seconds for step in steps), budget.seconds)
    calls = sum(step.worst.calls for step in steps)
    return PagePlan(page.name, page.paths, steps, Bound(_rounded(seconds), calls))


def _step(plan: Plan, request_budget: Figure, ours: Runtime) -> StepPlan:
    budget = figure(plan.budget_seconds, "PAGE_BUDGET_SECONDS")
    if request_budget.seconds < budget.seconds:
        budget = request_budget
    left = budget.seconds - RESERVE_SECONDS
    alike = groupby(plan.fragments, key=lambda each: (id(each.source), each.primary, not each.args))
    fragments = tuple(_fragment(tuple(group), left, ours) for _, group in alike)
    seconds = max((each.worst.seconds for each in fragments), default=0.0)
    calls = sum(each.worst.calls * each.many for each in fragments)
    return StepPlan(plan.name, budget, fragments, Bound(min(seconds, budget.seconds), calls))


def _fragment(group: Sequence[Fragment], left: float, ours: Runtime) -> FragmentPlan:
    fragment = group[0]
    built = built_of(fragment, ours)
    declared, layers = built.declared, layers_of(built)
    kept = _kept(declared, layers)
    attempts = _ATTEMPTS_IN_POSTGRES if isinstance(declared, Query) else 1
    worst = worst_of(layers, left, attempts)
    # Whatever a stack does, the page gives it up at its own deadline.
    seconds = min(worst.seconds, worst.until, left + RESERVE_SECONDS)
    if seconds < worst.seconds:
        worst = worst.because("cut short, for that is all that the page hands down")
    return FragmentPlan(
        name=fragment.name if len(group) == 1 else f"{fragment.name} … {group[-1].name}",
        source=declared.name,
        primary=fragment.primary,
        asked=_asked(declared),
        upstream=_upstream(layers),
        needs=declared.needs,
        formula=formula(layers),
        timeout=_timeout(declared, layers),
        effective_seconds=effective_timeout(layers, left),
        kept=kept,
        worst=Bound(_rounded(seconds), worst.calls, worst.why),
        extra_share=_rounded(extra_share(layers)),
        if_it_dies=if_it_dies(layers, kept, fragment.primary),
        many=len(group),
    )


def _asked(declared: Declaration) -> str:
    match declared:
        case Query():
            return "a query in Postgres"
        case Endpoint() | Picture():
            return f"GET {declared.path} of {declared.service}"
    return type(declared).__name__


def _upstream(layers: Sequence[Layer]) -> str:
    return next((each.made_of["gate"].upstream for each in layers if "gate" in each.made_of), "")


def _timeout(declared: Declaration, layers: Sequence[Layer]) -> Figure | None:
    given = [each.made_of["seconds"] for each in layers if each.name == "timeout"]
    return figure(min(given), declared.timeout) if given else None


def _kept(declared: Declaration, layers: Sequence[Layer]) -> Kept | None:
    """Return how replies are kept, read off the policy that stores them."""
    for each in layers:
        if each.name == "storing" and each.made_of["store"].keeping.bounds.fresh > 0:
            store = each.made_of["store"]
            bounds = store.keeping.bounds
            return Kept(
                key=(declared.name, *sorted(declared.asks)),
                fresh=figure(bounds.fresh, declared.fresh),
                stale=figure(bounds.stale, "" if declared.private else "STALE_SECONDS"),
                failure_seconds=store.negatives.seconds,
                failure_most_seconds=MOST_SECONDS,
            )
    return None


def _rounded(number: float) -> float:
    return round(number, 6)
