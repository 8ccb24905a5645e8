"""The rules by which books are recommended, and the data that is shipped."""

from datetime import date
from pathlib import Path

import pytest

from recco_service import shelf
from recco_service.payloads import Price
from recco_service.recommending import (
    BESTSELLER_REASON,
    bestseller_ranking,
    bought_together,
    build_tables,
    closeness_of_books,
    owned_by_member,
)
from recco_service.shelf import Book, Order, ShelfError, has_valid_check_digit

BOOKS = shelf.load_books()
ORDERS = shelf.load_orders(BOOKS)
TABLES = build_tables(BOOKS, ORDERS)
OWNED = owned_by_member(ORDERS)
A, B, C, D = (book.isbn for book in BOOKS[:4])


def bought(member_id: str, *isbns: str, on: date = date(2026, 11, 1)) -> Order:
    return Order(f"o-{member_id}", member_id, on, isbns)


def test_the_data_is_of_the_promised_size() -> None:
    assert 55 <= len(BOOKS) <= 70
    assert 300 <= len(ORDERS) <= 400
    assert set(OWNED) == {str(number) for number in range(1, 81)}


@pytest.mark.parametrize("member_id", sorted(OWNED))
def test_no_member_is_offered_a_book_twice_or_one_that_is_owned(member_id: str) -> None:
    items = TABLES.answer(member_id, 24).items
    offered = [item.isbn for item in items]
    assert len(offered) == len(set(offered)) == 24
    assert not OWNED[member_id].intersection(offered)


@pytest.mark.parametrize("member_id", sorted(OWNED))
def test_each_reason_names_a_book_that_the_member_owns(member_id: str) -> None:
    titles = {book.title for book in BOOKS if book.isbn in OWNED[member_id]}
    reasons = {f"Readers of {title} also bought this" for title in titles}
    items = TABLES.answer(member_id, 24).items
    assert {item.reason for item in items} <= reasons | {BESTSELLER_REASON}
    assert items[0].reason in reasons


def test_the_same_data_in_another_order_gives_the_same_answers() -> None:
    assert build_tables(BOOKS[::-1], ORDERS[::-1]) == TABLES


def test_best_sellers_do_not_win_everything() -> None:
    """The six best sellers fill less than a third of what members are offered first."""
    top = {item.isbn for item in TABLES.answer(None, 6).items}
    first = [item.isbn for member in OWNED for item in TABLES.answer(member, 6).items]
    assert sum(isbn in top for isbn in first) < len(first) / 3
    assert len(set(first)) > len(BOOKS) / 2


def test_closeness_is_shared_readers_over_the_root_of_all_readers() -> None:
    baskets = [frozenset({A, B}), frozenset({A, B}), frozenset({A}), frozenset({A}), frozenset({C})]
    closeness = closeness_of_books(baskets)
    assert closeness[A][B] == closeness[B][A] == pytest.approx(2 / (4 * 2) ** 0.5)
    assert C not in closeness


def test_one_common_reader_is_chance() -> None:
    assert not closeness_of_books([frozenset({A, B})])


def test_the_owned_book_that_is_closest_gives_the_reason() -> None:
    closeness = {A: {C: 0.2, D: 0.5}, B: {C: 0.7}}
    assert bought_together(frozenset({A, B}), closeness) == [(C, B), (D, A)]


def test_equal_scores_are_ordered_by_isbn() -> None:
    closeness = {A: dict.fromkeys((D, C, B), 0.5)}
    assert [isbn for isbn, _ in bought_together(frozenset({A}), closeness)] == sorted((B, C, D))


def test_this_season_counts_before_all_time() -> None:
    old, new = date(2026, 1, 1), date(2026, 11, 1)
    orders = (bought("1", A, on=old), bought("2", A, on=old), bought("3", B, on=new))
    assert bestseller_ranking(BOOKS, orders)[:2] == [B, A]


def test_a_member_whose_books_nobody_shares_is_topped_up_by_best_sellers() -> None:
    orders = (bought("1", A), bought("2", B, C), bought("3", B, C))
    answer = build_tables(BOOKS, orders).answer("1", 2)
    assert answer.strategy == "bought-together"
    assert [item.isbn for item in answer.items] == sorted((B, C))
    assert {item.reason for item in answer.items} == {BESTSELLER_REASON}


def test_a_member_who_owns_everything_is_offered_nothing() -> None:
    everything = bought("1", *(book.isbn for book in BOOKS))
    assert build_tables(BOOKS, (everything,)).answer("1", 6).items == ()


def test_check_digits_are_judged() -> None:
    assert has_valid_check_digit("9780141439518")
    assert not has_valid_check_digit("9780141439519")


@pytest.mark.parametrize(
    ("books", "says"),
    [
        ('[{"isbn": "1"}]', "does not fit"),
        ([Book("9780141439519", "T", "A", Price("1.00", "EUR"))], "check digit is wrong"),
        ([Book(A, "T", "A", Price("1.00", "EUR"))] * 2, "2 times"),
        ([Book(A, "T", "A", Price("1.005", "EUR"))], "does not fit"),
    ],
)
def test_a_damaged_shelf_is_refused_in_one_sentence(
    books: object, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "books.json", books)
    monkeypatch.setattr(shelf.resources, "files", lambda _: tmp_path)
    with pytest.raises(ShelfError, match=says):
        shelf.load_books()


def test_an_order_for_an_unknown_book_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "orders.json", [bought("1", B)])
    monkeypatch.setattr(shelf.resources, "files", lambda _: tmp_path)
    with pytest.raises(ShelfError, match="not on the shelf"):
        shelf.load_orders(BOOKS[:1])


def write(folder: Path, name: str, content: object) -> None:
    """Put a data file where a service that is installed in ``folder`` would look for it."""
    (folder / "data").mkdir()
    text = content.encode() if isinstance(content, str) else shelf.msgspec.json.encode(content)
    (folder / "data" / name).write_bytes(text)
