"""The pages of the storefront: what each is made of, where it comes from, and its limits.

To put a service of your own on the home page, declare it here as ``PROMO`` is, and name it in
``HOME``. ``docs/adding-a-source.md`` goes through it step by step.
"""

from datetime import date

from django.conf import settings

from gateway.aggregation.compose import Fragment, Plan
from gateway.members.identity import MEMBERSHIP
from gateway.sources.http import Endpoint
from gateway.storefront.payloads import Promotions, Recommendations
from gateway.storefront.shelves import AUTHORS, BOOKS, NEW_ARRIVALS

PROMO = Endpoint(
    name="promo",
    service="PROMO_SERVICE_URL",
    path="/v1/promotions",
    asks=("on",),
    payload=Promotions,
    fallback=Promotions(on=date.min, campaign=None, banners=()),
    timeout="PROMO_TIMEOUT_SECONDS",
    fresh="PROMO_FRESH_SECONDS",
)

RECCO = Endpoint(
    name="recco",
    service="RECCO_SERVICE_URL",
    path="/v1/recommendations",
    asks=("member_id", "limit"),
    payload=Recommendations,
    fallback=Recommendations(items=(), strategy="none"),
    timeout="RECCO_TIMEOUT_SECONDS",
    fresh="RECCO_FRESH_SECONDS",
)

HOME = Plan(
    name="home",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(
        Fragment("promo", PROMO),
        Fragment("recco", RECCO),
        Fragment("membership", MEMBERSHIP),
        Fragment("arrivals", NEW_ARRIVALS),
    ),
)

BOOK_LIST = Plan(
    name="books",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("books", BOOKS, primary=True),),
)

AUTHOR_LIST = Plan(
    name="authors",
    budget_seconds=settings.PAGE_BUDGET_SECONDS,
    fragments=(Fragment("authors", AUTHORS, primary=True),),
)
