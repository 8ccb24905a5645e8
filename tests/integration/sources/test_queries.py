"""Every query that the shop declares gives what Django itself would have given."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db.models import IntegerField, QuerySet, Value

from gateway.aggregation.errors import BadPayload, SourceRejected
from gateway.aggregation.source import Reply
from gateway.members.identity import MEMBERSHIP
from gateway.runtime import _postgres_parameters
from gateway.sources.orm import Query, orm_source
from gateway.storefront.models import Author, Book
from gateway.storefront.shelves import AUTHORS, BOOKS, NEW_ARRIVALS, PAGE_SIZE
from tests.integration.sources.asking import call
from tests.integration.sources.databases import pool

pytestmark = pytest.mark.usefixtures("shop_data")

QUESTIONS = [
    (NEW_ARRIVALS, {"on": date(2026, 11, 20)}),
    (NEW_ARRIVALS, {"on": date.max}),
    (NEW_ARRIVALS, {"on": date(1, 1, 1)}),
    (BOOKS, {"page": 1, "tag": None, "author": None}),
    (BOOKS, {"page": 2, "tag": "", "author": None}),
    (BOOKS, {"page": 99, "tag": None, "author": None}),
    (BOOKS, {"page": 1, "tag": "winter", "author": None}),
    (BOOKS, {"page": 1, "tag": None, "author": "jane-austen"}),
    (BOOKS, {"page": 1, "tag": "100% {odd} \"quoted\" 'é'", "author": None}),
    (AUTHORS, {"page": 1}),
    (AUTHORS, {"page": 2}),
    (MEMBERSHIP, {"member_id": "42", "session_hash": ""}),
]


def asked(query: Query, **args: Any) -> Reply:
    """Ask ``query`` through our own pool, in a loop of its own."""

    async def ask() -> Reply:
        async with pool(**_postgres_parameters()) as postgres:
            return await orm_source(query, postgres)(call(**args))

    return asyncio.run(ask())


def rows_of(query: Query, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows as they are before the query shapes them."""
    bare = replace(query, shape=lambda rows, _: rows)
    return [msgspec.structs.asdict(row) for row in asked(bare, **args).value]


@pytest.mark.parametrize(("query", "args"), QUESTIONS, ids=lambda each: getattr(each, "name", None))
def test_rows_are_those_of_django(query: Query, args: dict[str, Any]) -> None:
    """Dates, decimals, NULLs and all: the same values, of the same types, in the same order."""
    queryset = query.select(args)
    assert queryset is not None
    theirs = list(queryset)
    if not theirs:
        assert rows_of(query, args) == []
        return
    ours = rows_of(query, args)
    # A row may have fields that only other queries fill.
    assert [{name: own[name] for name in theirs[0]} for own in ours] == theirs
    for row, own in zip(theirs, ours, strict=True):
        assert {name: type(row[name]) for name in row} == {name: type(own[name]) for name in row}


def test_the_questions_above_find_something() -> None:
    """Empty lists are alike too: without this, the comparison could be one of nothings."""
    found = {query.name for query, args in QUESTIONS if list(query.select(args) or ())}
    assert found == {"arrivals", "books", "authors", "membership"}


def test_new_arrivals_are_the_latest_books_of_the_day() -> None:
    cards = asked(NEW_ARRIVALS, on=date(2026, 11, 20)).value
    expected = Book.objects.filter(added_on__lte=date(2026, 11, 20)).order_by("-added_on", "isbn")
    assert [card.isbn for card in cards] == [book.isbn for book in expected[:6]]
    assert cards[0].author == expected[0].author.name
    assert Decimal(cards[0].price.amount) == expected[0].price


def test_a_tag_shows_the_books_that_have_it_and_no_others() -> None:
    tag = Book.objects.exclude(tags=[]).order_by("isbn")[0].tags[0]
    page = asked(BOOKS, page=1, tag=tag, author=None).value
    expected = {book.isbn for book in Book.objects.all() if tag in book.tags}
    assert 0 < page.total == len(expected) < Book.objects.count()
    assert {card.isbn for card in page.rows} <= expected


def test_pages_together_show_each_book_once() -> None:
    total = Book.objects.count()
    pages = [
        asked(BOOKS, page=number, tag=None, author=None).value
        for number in range(1, total // PAGE_SIZE + 2)
    ]
    shown = [card.isbn for page in pages for card in page.rows]
    assert len(shown) == len(set(shown)) == total
    assert {page.total for page in pages if page.rows} == {total}


@pytest.mark.parametrize("field", ["tag", "author"])
@pytest.mark.parametrize(
    "text",
    [
        "x'); DROP TABLE storefront_book; --",
        "' OR '1'='1",
        "{a,b}'] OR true --",
        "\\'; SELECT pg_sleep(9); --",
        "%s",
        "%(name)s",
        "$$",
        "x" * 5_000,
    ],
)
def test_text_from_a_visitor_is_never_sql(text: str, field: str) -> None:
    before = Book.objects.count()
    args = {"page": 1, "tag": None, "author": None, field: text}
    assert asked(BOOKS, **args).value.total == 0
    assert Book.objects.count() == before > 0


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_is_none_is_rejected(text: str) -> None:
    with pytest.raises(SourceRejected):
        asked(BOOKS, page=1, tag=text, author=None)


class _Named(msgspec.Struct, frozen=True):
    name: str
    born: int | None


class _Years(msgspec.Struct, frozen=True):
    years: int


def _authors(change: "QuerySet[Author, Any]", row: Any = _Named) -> Query:
    return Query(
        name="test",
        select=lambda args: change,
        row=row,
        shape=lambda rows, args: list(rows),
        payload=list[Any],
        timeout="BOOKS_TIMEOUT_SECONDS",
    )


def test_a_column_of_another_type_is_a_bad_payload() -> None:
    wrong = Author.objects.annotate(years=Value("long ago")).values("years")
    with pytest.raises(BadPayload):
        asked(_authors(wrong, _Years))


def test_a_null_where_none_may_be_is_a_bad_payload() -> None:
    nothing = Value(None, output_field=IntegerField())
    wrong = Author.objects.annotate(years=nothing).values("years")
    with pytest.raises(BadPayload):
        asked(_authors(wrong, _Years))


def test_a_column_that_is_missing_is_a_bad_payload() -> None:
    with pytest.raises(BadPayload):
        asked(_authors(Author.objects.values("born")))


def test_nothing_is_asked_where_django_knows_that_there_is_nothing() -> None:
    """No pool could connect here."""

    async def ask() -> Reply:
        async with pool(host="nobody.invalid") as postgres:
            return await orm_source(_authors(Author.objects.none().values("name")), postgres)(
                call()
            )

    assert asyncio.run(ask()).value == []
