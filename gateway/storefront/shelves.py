"""Questions to our own Postgres: new arrivals, books and authors, a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import Coalesce

from gateway.sources.orm import Query
from gateway.storefront.models import Author, Book
from gateway.storefront.payloads import AuthorCard, BookCard, Price

PAGE_SIZE = 24
ARRIVALS = 6

Args = Mapping[str, Any]


class BookPage(msgspec.Struct, frozen=True):
    """A page of books, and how many there are in all."""

    rows: tuple[BookCard, ...]
    total: int


class AuthorPage(msgspec.Struct, frozen=True):
    """A page of authors, and how many there are in all."""

    rows: tuple[AuthorCard, ...]
    total: int


class _BookRow(msgspec.Struct, frozen=True):
    isbn: str
    title: str
    author_name: str
    author_slug: str
    price: Decimal
    currency: str
    published: int
    added_on: date
    blurb: str
    total: int = 0

    def card(self) -> BookCard:
        return BookCard(
            self.isbn,
            self.title,
            self.author_name,
            self.author_slug,
            Price(str(self.price), self.currency),
            self.published,
            self.added_on,
            self.blurb,
        )


class _AuthorRow(msgspec.Struct, frozen=True):
    slug: str
    name: str
    born: int | None
    died: int | None
    country: str
    bio: str
    titles: int
    total: int

    def card(self) -> AuthorCard:
        return AuthorCard(
            self.slug, self.name, self.born, self.died, self.country, self.bio, self.titles
        )


def _books() -> "QuerySet[Book, Any]":
    return Book.objects.values(
        "isbn",
        "title",
        "price",
        "currency",
        "published",
        "added_on",
        "blurb",
        author_name=F("author__name"),
        author_slug=F("author__slug"),
    )


def _page_of(queryset: Any, page: int) -> Any:
    """Return one page, each row with the ``total``: one question instead of two."""
    first = (page - 1) * PAGE_SIZE
    return queryset.annotate(total=Window(Count("*")))[first : first + PAGE_SIZE]


def _new_arrivals(args: Args) -> "QuerySet[Book, Any]":
    return _books().filter(added_on__lte=args["on"]).order_by("-added_on", "isbn")[:ARRIVALS]


def _shelf(args: Args) -> Any:
    books = _books().order_by("title", "isbn")
    if args["tag"]:
        books = books.filter(tags__contains=[args["tag"]])
    if args["author"]:
        books = books.filter(author__slug=args["author"])
    return _page_of(books, args["page"])


def _writers(args: Args) -> Any:
    counted = Author.objects.annotate(titles=Coalesce(Count("books"), 0)).order_by("name", "slug")
    fields = ("slug", "name", "born", "died", "country", "bio", "titles")
    return _page_of(counted.values(*fields), args["page"])


def _cards(rows: Sequence[_BookRow], args: Args) -> tuple[BookCard, ...]:
    return tuple(row.card() for row in rows)


def _book_page(rows: Sequence[_BookRow], args: Args) -> BookPage:
    return BookPage(tuple(row.card() for row in rows), rows[0].total if rows else 0)


def _author_page(rows: Sequence[_AuthorRow], args: Args) -> AuthorPage:
    return AuthorPage(tuple(row.card() for row in rows), rows[0].total if rows else 0)


NEW_ARRIVALS = Query(
    name="arrivals",
    asks=("on",),
    select=_new_arrivals,
    row=_BookRow,
    shape=_cards,
    payload=tuple[BookCard, ...],
    fallback=(),
    timeout="BOOKS_TIMEOUT_SECONDS",
    fresh="ARRIVALS_FRESH_SECONDS",
)

BOOKS = Query(
    name="books",
    asks=("page", "tag", "author"),
    select=_shelf,
    row=_BookRow,
    shape=_book_page,
    payload=BookPage,
    timeout="BOOKS_TIMEOUT_SECONDS",
)

AUTHORS = Query(
    name="authors",
    asks=("page",),
    select=_writers,
    row=_AuthorRow,
    shape=_author_page,
    payload=AuthorPage,
    timeout="BOOKS_TIMEOUT_SECONDS",
)
