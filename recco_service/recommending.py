"""From the orders of the past to what is recommended. Plain code: no clock, no I/O.

Two books are close if the same readers bought both. The count of those readers is divided by
the root of the product of each book's readers (the cosine of the two sets), or else a best
seller would be close to everything. One common reader is chance and does not count. A member's
score for a book is the sum of its closeness to what the member owns. Everything is computed
once; answering is a lookup and a slice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import combinations
from math import sqrt

from msgspec import Struct

from recco_service.payloads import MOST_ITEMS, Item, Recommendations
from recco_service.shelf import Book, Order

BESTSELLER_REASON = "A best seller this season"
SEASON = timedelta(days=90)
FEWEST_COMMON_READERS = 2

Closeness = Mapping[str, Mapping[str, float]]


class Tables(Struct, frozen=True):
    """What can be answered: items for each member with a past, and for everybody else."""

    by_member: dict[str, tuple[Item, ...]]
    bestsellers: tuple[Item, ...]
    as_of: date

    def answer(self, member_id: str | None, limit: int) -> Recommendations:
        """At most ``limit`` items for a member, or best sellers for one without a past."""
        items = self.by_member.get(member_id) if member_id is not None else None
        if items is None:
            tops = self.bestsellers[:limit]
            return Recommendations(member_id, "bestsellers", tops, self.as_of)
        return Recommendations(member_id, "bought-together", items[:limit], self.as_of)


def build_tables(books: tuple[Book, ...], orders: tuple[Order, ...]) -> Tables:
    """Compute everything that can be answered from the books and the orders."""
    shelf = {book.isbn: book for book in books}
    owned = owned_by_member(orders)
    closeness = closeness_of_books(owned.values())
    ranking = bestseller_ranking(books, orders)
    tops = [_item(shelf[isbn], BESTSELLER_REASON) for isbn in ranking]
    by_member = {}
    for member_id, isbns in owned.items():
        items = [
            _item(shelf[isbn], f"Readers of {shelf[because].title} also bought this")
            for isbn, because in bought_together(isbns, closeness)
        ]
        taken = isbns | {item.isbn for item in items}
        topped_up = items + [item for item in tops if item.isbn not in taken]
        by_member[member_id] = tuple(topped_up[:MOST_ITEMS])
    as_of = max(order.ordered_on for order in orders)
    return Tables(by_member, tuple(tops[:MOST_ITEMS]), as_of)


def owned_by_member(orders: Iterable[Order]) -> dict[str, frozenset[str]]:
    """The ISBNs that each member has bought so far."""
    owned: defaultdict[str, set[str]] = defaultdict(set)
    for order in orders:
        owned[order.member_id].update(order.isbns)
    return {member_id: frozenset(isbns) for member_id, isbns in owned.items()}


def closeness_of_books(baskets: Iterable[frozenset[str]]) -> Closeness:
    """For each book, the books with enough readers in common and how close they are, in (0, 1]."""
    readers: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for basket in baskets:
        readers.update(basket)
        together.update(combinations(sorted(basket), 2))
    closeness: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (one, other), count in together.items():
        if count >= FEWEST_COMMON_READERS:
            value = count / sqrt(readers[one] * readers[other])
            closeness[one][other] = closeness[other][one] = value
    return closeness


def bought_together(owned: frozenset[str], closeness: Closeness) -> list[tuple[str, str]]:
    """Books not owned, the best first, each with the owned book that speaks most for it."""
    scores: defaultdict[str, float] = defaultdict(float)
    voices: dict[str, tuple[float, str]] = {}
    for because in sorted(owned):
        for isbn, value in closeness.get(because, {}).items():
            scores[isbn] += value
            voices[isbn] = max(voices.get(isbn, (0.0, "")), (value, because))
    candidates = (isbn for isbn in scores if isbn not in owned)
    best_first = sorted(candidates, key=lambda isbn: (-scores[isbn], isbn))
    return [(isbn, voices[isbn][1]) for isbn in best_first]


def bestseller_ranking(books: Iterable[Book], orders: tuple[Order, ...]) -> list[str]:
    """All ISBNs: most sold in the season that the history ends with, then ever, then by number."""
    ever: Counter[str] = Counter()
    lately: Counter[str] = Counter()
    season_began = max(order.ordered_on for order in orders) - SEASON
    for order in orders:
        ever.update(order.isbns)
        if order.ordered_on > season_began:
            lately.update(order.isbns)
    isbns = (book.isbn for book in books)
    return sorted(isbns, key=lambda isbn: (-lately[isbn], -ever[isbn], isbn))


def _item(book: Book, reason: str) -> Item:
    return Item(book.isbn, book.title, book.author, book.price, reason)
