"""Compositions made by hand, for tests of what the shop shows."""

from datetime import date
from typing import Any

from gateway.aggregation.compose import Composition, Failed, Outcome
from gateway.aggregation.errors import SourceTimeout
from gateway.aggregation.source import Reply, State
from gateway.members.identity import Membership
from gateway.storefront.payloads import (
    AuthorCard,
    Banner,
    BookCard,
    Campaign,
    Price,
    Promotions,
    Recommendation,
    Recommendations,
)

TODAY = date(2026, 11, 20)
ADA = Membership(42, "Ada")
FAILED = Failed(SourceTimeout("somebody"))
FALLBACK = Reply(None, State.FALLBACK, reason="timeout")


def banner(number: int = 1, **changes: Any) -> Banner:
    """A banner."""
    said = {"id": f"b-{number}", "headline": f"Headline {number}", "href": "/books/?tag=winter"}
    return Banner(**(said | changes))


def promotions(*banners: Banner) -> Promotions:
    """What the promotions service says of today."""
    return Promotions(TODAY, Campaign("winter-reads", "Winter reads"), banners)


def recommendations(member_id: str | None = None, items: int = 2) -> Recommendations:
    """Best sellers, or what is recommended to a member."""
    strategy = "bought-together" if member_id else "bestsellers"
    reason = "Readers of Jane Eyre also bought this" if member_id else "A best seller"
    said = tuple(
        Recommendation(f"978014143951{n}", f"Title {n}", "Somebody", Price("8.99", "EUR"), reason)
        for n in range(items)
    )
    return Recommendations(said, strategy, member_id)


def card(number: int = 1, **changes: Any) -> BookCard:
    """A book."""
    said = {
        "isbn": f"97801414395{number:02}",
        "title": f"Book {number}",
        "author": "Jane Austen",
        "author_slug": "jane-austen",
        "price": Price("8.99", "EUR"),
        "published": 1813,
        "added_on": date(2026, 11, 18),
        "blurb": "A book.",
    }
    return BookCard(**(said | changes))


def writer(**changes: Any) -> AuthorCard:
    """An author."""
    said = {
        "slug": "jane-austen",
        "name": "Jane Austen",
        "born": 1775,
        "died": 1817,
        "country": "England",
        "bio": "She wrote six novels.",
        "books": 6,
    }
    return AuthorCard(**(said | changes))


def home(**outcomes: Outcome | Any) -> Composition:
    """A home page: whole, and a stranger's, but for what is named. Values are taken for live."""
    whole = {
        "promo": promotions(banner(1), banner(2)),
        "recco": recommendations(),
        "membership": None,
        "arrivals": (card(1), card(2)),
    }
    return composed(**(whole | outcomes))


def composed(**outcomes: Outcome | Any) -> Composition:
    """A page of these fragments."""
    told = {
        name: one if isinstance(one, (Reply, Failed)) else Reply(one)
        for name, one in outcomes.items()
    }
    return Composition("page", told, dict.fromkeys(told, 0.01), 0.02)
