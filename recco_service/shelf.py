"""The shipped data: the books on the shelf and the orders of the past, checked when read."""

from collections import Counter
from datetime import date
from importlib import resources
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from recco_service.payloads import Isbn, MemberId, Price, Words

T = TypeVar("T")


class ShelfError(Exception):
    """The shipped data is wrong; the text says where, in one sentence."""


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """A book that can be recommended."""

    isbn: Isbn
    title: Words
    author: Words
    price: Price


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What a member bought on one day."""

    id: str
    member_id: MemberId
    ordered_on: date
    isbns: Annotated[tuple[Isbn, ...], Meta(min_length=1)]


def load_books() -> tuple[Book, ...]:
    """The books, each once, each with a true ISBN; raise :class:`ShelfError` otherwise."""
    books = _read("books.json", tuple[Book, ...])
    for isbn, count in Counter(book.isbn for book in books).items():
        if count > 1:
            raise ShelfError(f"data/books.json holds {isbn} {count} times.")
        if not has_valid_check_digit(isbn):
            raise ShelfError(f"data/books.json holds {isbn}, whose check digit is wrong.")
    return books


def load_orders(books: tuple[Book, ...]) -> tuple[Order, ...]:
    """The orders, all for books on the shelf; raise :class:`ShelfError` otherwise."""
    known = {book.isbn for book in books}
    orders = _read("orders.json", tuple[Order, ...])
    for order in orders:
        if not known.issuperset(order.isbns):
            raise ShelfError(f"data/orders.json: order {order.id} names a book not on the shelf.")
    return orders


def has_valid_check_digit(isbn: str) -> bool:
    """Whether thirteen digits obey the ISBN-13 rule: weights 1 and 3, sum divisible by ten."""
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(isbn)) % 10 == 0


def _read(name: str, kind: type[T]) -> T:
    text = resources.files("recco_service").joinpath("data", name).read_bytes()
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as exc:
        raise ShelfError(f"data/{name} does not fit: {exc}.") from exc
