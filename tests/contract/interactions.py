"""The consumer's side of the contracts: what the pages ask, and what they must get.

Each is tried with our real HTTP source against Pact's mock server (``test_consumer.py``), and all
together are the contract files under ``pacts/`` (``python -m tests.contract.write``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.contracts.services import CONTRACTS, PROMOTIONS, RECOMMENDATIONS, Contract
from gateway.storefront.payloads import (
    Banner,
    Campaign,
    Price,
    Promotions,
    Recommendation,
    Recommendations,
)

PROBLEM = "application/problem+json"
HELD_TAG = '"the-reply-that-the-caller-holds"'


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A question of the page, and the answer: ``says`` is an example of the reply's value.

    ``args`` are the arguments of the call as the page gives them. Of an error ``title`` is told.
    """

    contract: Contract
    name: str
    args: Mapping[str, Any]
    status: int = 200
    says: Any = None
    title: str = ""
    state: str = ""
    below: str = ""
    """A path below the service's own, where there is nothing."""
    etag: str = ""
    """What the caller holds."""
    headers: Mapping[str, str] = field(default_factory=dict)


WINTER = Promotions(
    on=date(2026, 11, 20),
    campaign=Campaign(id="winter-reads", name="Winter reads"),
    banners=(
        Banner(
            id="wr-1",
            headline="Long nights, long novels",
            body="The kettle is on and the lamp is lit.",
            href="/books/?tag=winter",
            image_url=None,
            image_alt="",
            discount_percent=20,
            starts_on=date(2026, 11, 15),
            ends_on=date(2026, 12, 31),
        ),
    ),
)
QUIET = Promotions(on=date(2026, 1, 28), campaign=None, banners=())
EMMA = Recommendation(
    isbn="9780141439587",
    title="Emma",
    author="Jane Austen",
    price=Price(amount="8.99", currency="EUR"),
    reason="Readers of Pride and Prejudice also bought this",
)
PICKED = Recommendations(items=(EMMA,), strategy="bought-together", member_id="42")
KEPT = {"Cache-Control": "public, max-age=300"}
KEPT_PRIVATELY = {"Cache-Control": "private, max-age=60"}

_PROMO = (
    Expected(
        contract=PROMOTIONS,
        name="the promotions of a day",
        state="a campaign with banners runs on 2026-11-20",
        args={"on": date(2026, 11, 20)},
        says=WINTER,
        headers=KEPT,
    ),
    Expected(
        contract=PROMOTIONS,
        name="the promotions of a day without a campaign",
        state="no campaign runs on 2026-01-28",
        args={"on": date(2026, 1, 28)},
        says=QUIET,
        headers=KEPT,
    ),
    Expected(
        contract=PROMOTIONS,
        name="the promotions of today",
        state="today is 2026-11-20, and a campaign with banners runs",
        args={},
        says=WINTER,
        headers=KEPT,
    ),
    Expected(
        contract=PROMOTIONS,
        name="the same promotions again",
        state="the caller holds the present reply",
        args={"on": date(2026, 11, 20)},
        status=304,
        etag=HELD_TAG,
        headers=KEPT,
    ),
    Expected(
        contract=PROMOTIONS,
        name="a date that is malformed",
        args={"on": "not-a-date"},
        status=422,
        title="Invalid parameter",
    ),
    Expected(
        contract=PROMOTIONS,
        name="a date that no calendar has",
        args={"on": "2026-02-30"},
        status=422,
        title="Invalid parameter",
    ),
)
_RECCO = (
    Expected(
        contract=RECOMMENDATIONS,
        name="recommendations for a member",
        state="member 42 has bought books",
        args={"member_id": "42", "limit": 6},
        says=PICKED,
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="recommendations for a member whom nobody knows",
        state="member 987654321 is not known",
        args={"member_id": "987654321", "limit": 6},
        says=Recommendations(items=(EMMA,), strategy="bestsellers", member_id="987654321"),
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="recommendations for a visitor without a name",
        args={"limit": 6},
        says=Recommendations(items=(EMMA,), strategy="bestsellers", member_id=None),
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="as many recommendations as the service gives by itself",
        state="member 42 has bought books",
        args={"member_id": "42"},
        says=PICKED,
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="a single recommendation",
        state="member 42 has bought books",
        args={"member_id": "42", "limit": 1},
        says=PICKED,
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="as many recommendations as a page may ask for",
        state="member 42 has bought books",
        args={"member_id": "42", "limit": 24},
        says=PICKED,
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="the same recommendations again",
        state="the caller holds the present reply",
        args={"member_id": "42", "limit": 6},
        status=304,
        etag=HELD_TAG,
        headers=KEPT_PRIVATELY,
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="no recommendation at all",
        args={"member_id": "42", "limit": 0},
        status=422,
        title="Invalid parameter",
    ),
    Expected(
        contract=RECOMMENDATIONS,
        name="a million recommendations",
        args={"member_id": "42", "limit": 1_000_000},
        status=422,
        title="Invalid parameter",
    ),
)


def _refusals(contract: Contract, args: Mapping[str, Any]) -> tuple[Expected, ...]:
    """What any service may say instead of an answer."""
    return (
        Expected(
            contract=contract,
            name="a path where there is nothing",
            args={},
            below="/nothing-here",
            status=404,
            title="Not Found",
        ),
        Expected(
            contract=contract,
            name="a question too many",
            state="the caller has asked too often",
            args=args,
            status=429,
            title="Too Many Requests",
            headers={"Retry-After": "7"},
        ),
        Expected(
            contract=contract,
            name="a question at a bad time",
            state="the service can do nothing at present",
            args=args,
            status=503,
            title="Service Unavailable",
            headers={"Retry-After": "2"},
        ),
    )


INTERACTIONS: dict[str, tuple[Expected, ...]] = {
    PROMOTIONS.provider: (*_PROMO, *_refusals(PROMOTIONS, {"on": date(2026, 11, 20)})),
    RECOMMENDATIONS.provider: (
        *_RECCO,
        *_refusals(RECOMMENDATIONS, {"member_id": "42", "limit": 6}),
    ),
}
"""By service, everything that the pages ask of it."""

EVERYTHING = tuple(each for contract in CONTRACTS for each in INTERACTIONS[contract.provider])
