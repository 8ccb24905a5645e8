"""The worst case that ``plan`` names is one: whatever happens, no view takes longer or asks more.

The runtime is the real one, with every policy as it is built; time is virtual. What the event loop
would be late by on a busy machine is no part of the bound.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.ops.explain.model import PagePlan
from gateway.ops.explain.pages import PAGES, Page
from gateway.ops.explain.reading import explained
from tests.fakes import VirtualClock
from tests.unit.ops.trouble import PAIRS, REDIS, Stage, stage

A_TICK = 0.001
"""The clock is read before and after the page; its own deadline may be a rounding later."""

BY_NAME = {page.name: page for page in PAGES}
HOME = BY_NAME["home"]


async def _after_moods(at: Stage, page: Page) -> list[tuple[float, int]]:
    """View ``page`` under every trouble: some views while all is well come before each."""
    seen = []
    for mood, redis in PAIRS:
        at.trouble.redis, at.trouble.mood = "well", "well"
        for _ in range(3):
            await at.view(page)
        at.trouble.redis, at.trouble.mood = redis, mood
        seen += [await at.view(page) for _ in range(2)]
        # Breakers close again, and budgets fill.
        await asyncio.sleep(12)
    return seen


def _within(at: Stage, plan: PagePlan, seen: list[tuple[float, int]]) -> None:
    """Assert that every view, and every fragment by itself, kept to its bound."""
    assert max(seconds for seconds, _ in seen) <= plan.worst.seconds + A_TICK
    assert max(calls for _, calls in seen) <= plan.worst.calls
    for each in (fragment for step in plan.steps for fragment in step.fragments):
        assert at.slowest.get(each.source, 0.0) <= each.worst.seconds + A_TICK, each.source


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_no_trouble_makes_a_view_slower_or_costlier_than_the_plan_says(
    name: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at = stage(monkeypatch, clock, seed=7, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME[name]
    (plan,) = await explained([page], at.ours)
    _within(at, plan, await _after_moods(at, page))
    await at.ours.close()


@pytest.mark.parametrize("name", ["home", "books"])
async def test_a_crowd_that_meets_trouble_stays_within_the_bound(
    name: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Queues are full here: what waits in them is within the bound too."""
    at = stage(monkeypatch, clock, seed=1, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME[name]
    (plan,) = await explained([page], at.ours)
    for mood in ("well", "slow", "mixed", "hanging"):
        at.trouble.mood = mood
        at.trouble.redis = at.trouble.random.choice(REDIS)
        before = at.trouble.asked
        views = await asyncio.gather(*(at.view(page) for _ in range(30)))
        _within(at, plan, [(seconds, 0) for seconds, _ in views])
        assert at.trouble.asked - before <= plan.worst.calls * len(views)
    await at.ours.close()


@pytest.mark.parametrize(("budget", "timeout"), [(0.8, 0.4), (0.3, 0.6), (3.0, 0.2), (0.09, 0.05)])
async def test_the_bound_holds_for_other_settings_too(
    budget: float,
    timeout: float,
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.PAGE_BUDGET_SECONDS = budget
    settings.PROMO_TIMEOUT_SECONDS = timeout
    at = stage(monkeypatch, clock, seed=3, budget=budget)
    # Pages took their budget from the settings when they were declared.
    (plan,) = HOME.plans
    page = replace(HOME, plans=(replace(plan, budget_seconds=budget),))
    (told,) = await explained([page], at.ours)
    _within(at, told, await _after_moods(at, page))
    await at.ours.close()


async def test_a_call_that_waits_in_a_queue_and_then_takes_its_time_nearly_meets_the_bound(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at = stage(monkeypatch, clock, seed=1, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME["books"]
    (plan,) = await explained([page], at.ours)
    at.trouble.mood = "slow"
    views = await asyncio.gather(*(at.view(page) for _ in range(60)))
    assert max(seconds for seconds, _ in views) > plan.worst.seconds * 0.9
    await at.ours.close()


async def test_as_many_calls_as_the_plan_says_are_really_made(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Slow, so that it is hedged, then refused, so that it is retried, and that slow again."""
    at = stage(monkeypatch, clock, seed=7, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME["portrait"]
    (plan,) = await explained([page], at.ours)
    for _ in range(80):
        await at.view(page)
    at.trouble.mood = "refusing after a while"
    seen = [await at.view(page) for _ in range(3)]
    assert max(calls for _, calls in seen) == plan.worst.calls == 4
    await at.ours.close()


async def test_a_view_really_takes_nearly_as_long_as_the_plan_says(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at = stage(monkeypatch, clock, seed=7, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME["home"]
    (plan,) = await explained([page], at.ours)
    at.trouble.mood, at.trouble.redis = "hanging", "late"
    seconds, _ = await at.view(page)
    assert seconds > plan.worst.seconds * 0.95
    await at.ours.close()


async def test_a_page_with_many_fragments_of_one_kind_counts_them_all(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at = stage(monkeypatch, clock, seed=7, budget=settings.PAGE_BUDGET_SECONDS)
    page = BY_NAME["tour"]
    (plan,) = await explained([page], at.ours)
    _, calls = await at.view(page)
    assert plan.worst.calls >= calls == 21
    await at.ours.close()
