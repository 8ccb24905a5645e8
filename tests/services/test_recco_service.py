"""The wire contract of the recommendation service."""

from datetime import date
from urllib.parse import quote

import msgspec
import pytest

from recco_service.app import app, checked
from recco_service.payloads import Item, Price, Recommendations
from recco_service.shelf import load_books, load_orders
from tests.services.asking import RECOMMENDATIONS, ask, refused_parameters


async def recommendations(query: str = "") -> Recommendations:
    reply = await ask(app, RECOMMENDATIONS + query)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "private, max-age=60"
    return msgspec.json.decode(reply.content, type=Recommendations)


async def test_a_known_member_gets_books_that_others_bought_together() -> None:
    payload = await recommendations("?member_id=42&limit=6")
    assert (payload.member_id, payload.strategy, len(payload.items)) == ("42", "bought-together", 6)
    assert all(item.reason.startswith("Readers of ") for item in payload.items)
    assert all(item.reason.endswith(" also bought this") for item in payload.items)


async def test_a_reply_says_up_to_when_orders_were_counted() -> None:
    last = max(order.ordered_on for order in load_orders(load_books()))
    for query in ("", "?member_id=42"):
        assert (await recommendations(query)).as_of == last


async def test_an_item_looks_as_the_contract_shows_it() -> None:
    reply = await ask(app, f"{RECOMMENDATIONS}?member_id=42&limit=1")
    item = reply.json()["items"][0]
    assert set(item) == {"isbn", "title", "author", "price", "reason"}
    assert set(item["price"]) == {"amount", "currency"}
    assert isinstance(item["price"]["amount"], str)
    assert item["price"]["currency"] == "EUR"


@pytest.mark.parametrize("query", ["", "?member_id=nobody", "?member_id=" + "x" * 64])
async def test_strangers_get_six_best_sellers(query: str) -> None:
    payload = await recommendations(query)
    assert payload.strategy == "bestsellers"
    assert payload.member_id == (query.removeprefix("?member_id=") or None)
    assert [item.reason for item in payload.items] == ["A best seller this season"] * 6


@pytest.mark.parametrize("limit", range(1, 25))
async def test_the_limit_is_kept_and_a_smaller_one_is_a_prefix(limit: int) -> None:
    for who in ("member_id=42&", ""):
        most = await recommendations(f"?{who}limit=24")
        some = await recommendations(f"?{who}limit={limit}")
        assert some.items == most.items[:limit]
        assert len(some.items) == limit


@pytest.mark.parametrize(
    "limit",
    ["", "0", "25", "-1", "6.0", "six", " 6", "6 ", "+6", "6\n", "٦", "1e1", "null", "9" * 5000],
)
async def test_a_limit_outside_of_1_to_24_gets_422(limit: str) -> None:
    query = f"?member_id=42&limit={quote(limit)}"
    assert await refused_parameters(app, RECOMMENDATIONS + query) == ["limit"]


@pytest.mark.parametrize(
    "member_id",
    ["", "x" * 65, "4 2", "42\n", "42\x00", "42\r\nSet-Cookie: a=b", "é", "../42", "<b>", "null "],
)
async def test_a_malformed_member_id_gets_422(member_id: str) -> None:
    query = f"?member_id={quote(member_id)}"
    assert await refused_parameters(app, RECOMMENDATIONS + query) == ["member_id"]


async def test_bytes_that_are_no_text_get_422() -> None:
    assert await refused_parameters(app, f"{RECOMMENDATIONS}?member_id=%ff%fe") == ["member_id"]


async def test_all_faults_of_a_query_are_named_at_once() -> None:
    query = "?limit=99&member_id=a%20b"
    assert await refused_parameters(app, RECOMMENDATIONS + query) == ["limit", "member_id"]


@pytest.mark.parametrize("query", ["member_id=42&member_id=42", "member_id=1&member_id=2"])
async def test_a_repeated_parameter_gets_422(query: str) -> None:
    assert await refused_parameters(app, f"{RECOMMENDATIONS}?{query}") == ["member_id"]


async def test_unknown_parameters_are_named_together_with_what_is_allowed() -> None:
    assert await refused_parameters(app, f"{RECOMMENDATIONS}?member=42") == ["member"]
    reply = await ask(app, f"{RECOMMENDATIONS}?member=42")
    assert "allowed: member_id, limit" in reply.json()["detail"]


def test_a_payload_that_does_not_fit_is_never_sent() -> None:
    item = Item("9780141439518", "Title", "Author", Price("8.9", "EUR"), "A reason")
    with pytest.raises(msgspec.ValidationError):
        checked(Recommendations("42", "bought-together", (item,), date(2026, 11, 12)))
