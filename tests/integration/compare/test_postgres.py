"""The blocking way through Django's own connection."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import FloatField, Func, QuerySet, Value

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import SourceTimeout, SourceUnreachable
from gateway.sources.blocking import Asking, ask_postgres
from gateway.storefront.models import Author
from gateway.storefront.shelves import AUTHORS, NEW_ARRIVALS

TODAY = date(2026, 11, 20)


def asking(seconds: float = 5.0, **args: Any) -> Asking:
    return Asking(args, Deadline.after(seconds), {}, threading.Event())


def test_it_says_what_the_page_would_be_told(shop_data: None) -> None:
    cards = ask_postgres(NEW_ARRIVALS, asking(on=TODAY))
    assert len(cards) == 6
    assert all(card.added_on <= TODAY for card in cards)


def test_a_slow_query_ends_in_postgres(shop_data: None) -> None:
    def slow(args: object) -> "QuerySet[Author, Any]":
        pause = Func(Value(5.0), function="pg_sleep", output_field=FloatField())
        return Author.objects.annotate(pause=pause).values("slug", "pause")

    with pytest.raises(SourceTimeout):
        ask_postgres(replace(AUTHORS, select=slow, asks=()), asking(0.05))


def test_a_postgres_that_is_gone_is_one_of_our_errors(
    shop_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refused)
    with pytest.raises(SourceUnreachable):
        ask_postgres(NEW_ARRIVALS, asking(on=TODAY))


def test_where_there_is_nothing_to_ask_nobody_is_asked() -> None:
    nothing = replace(AUTHORS, select=lambda args: None, asks=(), shape=lambda rows, args: rows)
    assert ask_postgres(nothing, asking()) == ()
