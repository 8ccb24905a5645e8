"""What the home page's layout waits for is what its presenter cannot show."""

from itertools import chain, combinations

import pytest

from gateway.aggregation.compose import Composition
from gateway.storefront.plan import HOME
from gateway.storefront.presenters import present_home
from gateway.storefront.views import HOME_LAYOUT
from tests.unit.storefront.pages import home

NAMES = [fragment.name for fragment in HOME.fragments]
SHOWN = {
    "greeting": "member",
    "offers": "promo",
    "recommendations": "recco",
    "arrivals": "arrivals",
}
"""The parts that say of themselves that they are on their way, by what the presenter calls them."""


@pytest.mark.parametrize(
    "pending", list(chain.from_iterable(combinations(NAMES, many) for many in range(5)))
)
def test_a_part_is_pending_where_the_layout_waits_for_it(pending: tuple[str, ...]) -> None:
    whole = home()
    there = {name: said for name, said in whole.outcomes.items() if name not in pending}
    shown = present_home(Composition("home", there, dict.fromkeys(there, 0.0), 0.0))
    waiting = {part.name for part in HOME_LAYOUT.waiting(pending)} - {"account"}
    assert {part for part, name in SHOWN.items() if shown[name].get("pending")} == waiting


def test_every_part_needs_fragments_that_there_are() -> None:
    for part in HOME_LAYOUT.parts:
        assert set(part.needs) <= set(NAMES)
