"""The shop's seed data and the services' data speak of the same books."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEED = ROOT / "gateway/storefront/seed"


def rows(path: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(path.read_bytes())
    return loaded


BOOKS = rows(SEED / "books.json")
AUTHORS = {author["slug"]: author for author in rows(SEED / "authors.json")}


def test_the_shop_and_the_recommendations_sell_the_same_books_at_the_same_price() -> None:
    shop = {
        (b["isbn"], b["title"], AUTHORS[b["author"]]["name"], *b["price"].values()) for b in BOOKS
    }
    recommended = {
        (b["isbn"], b["title"], b["author"], *b["price"].values())
        for b in rows(ROOT / "recco_service/data/books.json")
    }
    assert shop == recommended
    assert len(shop) == len(BOOKS)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book["isbn"])
def test_a_book_is_whole_and_sensible(book: dict[str, Any]) -> None:
    author = AUTHORS[book["author"]]
    assert author["born"] < book["published"] <= author["died"] + 35  # some came out posthumously
    assert 40 <= book["pages"] <= 1500
    assert book["language"] == "en"
    assert book["tags"]
    assert 20 <= len(book["blurb"]) <= 280
    assert date(2026, 1, 1) <= date.fromisoformat(book["added_on"]) <= date(2026, 11, 20)


def test_every_author_has_a_book_and_a_life() -> None:
    assert {book["author"] for book in BOOKS} == set(AUTHORS)
    for author in AUTHORS.values():
        assert set(author) == {"slug", "name", "born", "died", "country", "bio"}
        assert 15 < author["died"] - author["born"] < 100
        assert 20 <= len(author["bio"]) <= 280


def test_new_arrivals_reach_into_november() -> None:
    latest = sorted((book["added_on"] for book in BOOKS), reverse=True)
    assert latest[5] >= "2026-11-01"
