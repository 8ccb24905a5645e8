"""Services that are subtly broken: each keeps its contract in all but one thing."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.contracts.services import PROMOTIONS, RECOMMENDATIONS, Contract
from tests.contract.foreign import Answer, Asked, Service, plain_promo, plain_recco


@dataclass(frozen=True)
class Broken:
    """A broken service; the report must name ``where``, and say ``said`` of it."""

    name: str
    contract: Contract
    service: Service
    where: str
    said: str


Change = Callable[[Asked, Answer], Answer]
_PLAIN = {PROMOTIONS.name: plain_promo, RECOMMENDATIONS.name: plain_recco}


def _changed(contract: Contract, change: Change, *, status: int = 200) -> Service:
    """Return the plain service with every answer of ``status`` changed."""

    def service(asked: Asked) -> Answer:
        answer = _PLAIN[contract.name](asked)
        return change(asked, answer) if answer.status == status else answer

    return service


def _value(change: Callable[[Any], Any]) -> Change:
    """A change of the value alone; ``change`` works on a copy and may return another one."""

    def changed(_: Asked, answer: Answer) -> Answer:
        value = json.loads(answer.sent)
        other = change(value)
        return replace(answer, value=value if other is None else other)

    return changed


def _banner(**fields: Any) -> Change:
    return _value(lambda value: value["banners"][0].update(fields))


def _book(**fields: Any) -> Change:
    return _value(lambda value: value["items"][-1].update(fields))


def _price(**fields: Any) -> Change:
    return _value(lambda value: value["items"][0]["price"].update(fields))


def _top(**fields: Any) -> Change:
    return _value(lambda value: value.update(fields))


def _without(row: str, name: str, renamed: str = "") -> Change:
    def change(value: Any) -> None:
        each = value[row][0]
        gone = each.pop(name)
        if renamed:
            each[renamed] = gone

    return _value(change)


def _headers(**headers: str | None) -> Change:
    """Other headers; None takes one away. Underscores stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(_: Asked, answer: Answer) -> Answer:
        merged = {**answer.headers, **given}
        return replace(
            answer, headers={name: value for name, value in merged.items() if value is not None}
        )

    return change


def _body(body: bytes) -> Change:
    return lambda _, answer: replace(answer, body=body)


def _packed(_: Asked, answer: Answer) -> Answer:
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, headers=headers, body=gzip.compress(answer.sent))


def _elsewhere(_: Asked, answer: Answer) -> Answer:
    return replace(answer, status=302, headers={"Location": "/v2/promotions"}, value=None, body=b"")


def _one_more(asked: Asked, answer: Answer) -> Answer:
    items = answer.value["items"]
    return replace(answer, value={**answer.value, "items": [*items, items[0]]})


def _strangers_picked(asked: Asked, answer: Answer) -> Answer:
    return replace(answer, value={**answer.value, "strategy": "bought-together"})


def _nan(_: Asked, answer: Answer) -> Answer:
    return replace(
        answer, body=answer.sent.replace(b'"discount_percent": 50', b'"discount_percent": NaN')
    )


def _twice(_: Asked, answer: Answer) -> Answer:
    first, doubled = b'"headline": "Everything', b'"headline": "Nothing", "headline": "Everything'
    return replace(answer, body=answer.sent.replace(first, doubled))


def _always(answer: Answer, when: Callable[[Asked], bool]) -> Callable[[Contract], Service]:
    def build(contract: Contract) -> Service:
        plain = _PLAIN[contract.name]
        return lambda asked: answer if when(asked) else plain(asked)

    return build


_JSON = {"Content-Type": "application/json", "Cache-Control": "public, max-age=9"}
_OOPS = Answer(200, _JSON, {"error": "no such date"})


def _promo(name: str, change: Change, where: str, said: str, status: int = 200) -> Broken:
    return Broken(name, PROMOTIONS, _changed(PROMOTIONS, change, status=status), where, said)


def _recco(name: str, change: Change, where: str, said: str, status: int = 200) -> Broken:
    service = _changed(RECOMMENDATIONS, change, status=status)
    return Broken(name, RECOMMENDATIONS, service, where, said)


BROKEN = (
    _promo("headline removed", _without("banners", "headline"), "banners[0].headline", "missing"),
    _promo(
        "headline renamed",
        _without("banners", "headline", "head_line"),
        "banners[0].headline",
        "'head_line'",
    ),
    _promo("starts_on removed", _without("banners", "starts_on"), "banners[0].starts_on", "miss"),
    _promo("discount a fraction", _banner(discount_percent=0.2), "discount_percent", "0.2"),
    _promo("discount in words", _banner(discount_percent="20%"), "discount_percent", "'20%'"),
    _promo("discount too high", _banner(discount_percent=2000), "discount_percent", "2000"),
    _promo("NaN", _nan, "body", "NaN"),
    _promo("another day", _top(on="2026-11-19"), "on", "2026-11-19"),
    _promo("a day as in Germany", _top(on="20.11.2026"), "on", "YYYY-MM-DD"),
    _promo("a day and an hour", _top(on="2026-11-20T00:00:00Z"), "on", "YYYY-MM-DD"),
    _promo("ends before it starts", _banner(ends_on="2025-12-31"), "banners[0].ends_on", "before"),
    _promo("a day that is none", _banner(ends_on="2026-11-31"), "banners[0].ends_on", "date"),
    _promo("banners null", _top(banners=None), "banners", "null"),
    _promo("banners by id", _value(lambda v: v.update(banners={"a": 1})), "banners", "list"),
    _promo("campaign a text", _top(campaign="Winter"), "campaign", "object"),
    _promo("a link that is a script", _banner(href="javascript:alert(1)"), "href", "javascript:"),
    _promo("no banners at all", _top(banners={}), "banners", "an empty object"),
    _promo("in an envelope", _value(lambda v: {"data": v}), "on", "missing"),
    _promo("a list around it", _value(lambda v: [v]), "the whole reply", "object"),
    _promo("HTML with 200", _body(b"<!doctype html><h1>Hello</h1>"), "body", "no JSON"),
    _promo("text/html", _headers(Content_Type="text/html"), "Content-Type", "text/html"),
    _promo("no content type", _headers(Content_Type=None), "Content-Type", "missing"),
    _promo("latin-1", _headers(Content_Type="application/json; charset=latin-1"), "Content-T", "l"),
    _promo("not cacheable", _headers(Cache_Control=None), "Cache-Control", "missing"),
    _promo("no max-age", _headers(Cache_Control="public"), "Cache-Control", "max-age"),
    _promo("max-age in words", _headers(Cache_Control="public, max-age=5m"), "Cache-C", "'5m'"),
    _promo("private", _headers(Cache_Control="private, max-age=60"), "Cache-Control", "public"),
    _promo("for nobody", _headers(Cache_Control="max-age=60"), "Cache-Control", "must be public"),
    _promo("a name twice", _twice, "body", "'headline' twice"),
    _promo("gzip unasked", _packed, "Content-Encoding", "gzip"),
    _promo("redirected", _elsewhere, "status", "302"),
    _promo("accepted, not answered", lambda _, a: replace(a, status=202), "status", "202"),
    _promo("cut short", lambda _, answer: replace(answer, cut=True), "reply", "broke"),
    _promo("empty", _body(b""), "body", "empty"),
    _promo("bad UTF-8", _body(b'{"on": "\xff"}'), "body", "UTF-8"),
    _promo("nested for ever", _body(b"[" * 100_000), "body", "nested"),
    _promo("an error of JSON", _headers(Content_Type="application/json"), "Content-Type", "m", 422),
    _promo(
        "an error without a title", _value(lambda v: v.pop("title") and None), "title", "m", 422
    ),
    _promo("an error that contradicts itself", _top(status=400), "status", "400", 422),
    _promo("another error", lambda _, a: replace(a, status=400), "status", "must be 422", 422),
    Broken(
        "errors with 200",
        PROMOTIONS,
        _always(_OOPS, lambda asked: not asked.query.get("on", "2026").startswith("2026-1"))(
            PROMOTIONS
        ),
        "status",
        "must be 422",
    ),
    Broken(
        "any path will do",
        PROMOTIONS,
        lambda asked: plain_promo(replace(asked, path="/v1/promotions")),
        "status",
        "must be 404",
    ),
    Broken(
        "always unchanged",
        PROMOTIONS,
        lambda asked: Answer(304) if "if-none-match" in asked.headers else plain_promo(asked),
        "ETag",
        "never given",
    ),
    _recco("a price as a number", _price(amount=8.99), "items[0].price.amount", "8.99"),
    _recco("a price in cents", _price(amount="899"), "items[0].price.amount", "hundredths"),
    _recco("a price with a comma", _price(amount="8,99"), "items[0].price.amount", "'8,99'"),
    _recco("a price with its sign", _price(amount="€8.99"), "items[0].price.amount", "decimal"),
    _recco("euro", _price(currency="euro"), "items[0].price.currency", "'euro'"),
    _recco("a currency for tests", _price(currency="XXX"), "items[0].price.currency", "ISO 4217"),
    _recco("a price that is flat", _book(price="8.99 EUR"), "items[0].price", "object"),
    _recco("no author", _without("items", "author"), "items[0].author", "missing"),
    _recco("author renamed", _without("items", "author", "authors"), "items[0].author", "authors"),
    _recco("no reason", _without("items", "reason"), "items[0].reason", "missing"),
    _recco("title null", _book(title=None), "title", "null"),
    _recco("title empty", _book(title=""), "title", "empty"),
    _recco("an ISBN with hyphens", _book(isbn="978-0-14-143958-7"), "isbn", "ISBN-13"),
    _recco("an ISBN-10", _book(isbn="0141439580"), "isbn", "ISBN-13"),
    _recco("an ISBN as a number", _book(isbn=9780141439587), "isbn", "text"),
    _recco("one more than asked", _one_more, "items", "at most"),
    _recco("a number for a member", _value(lambda v: v.update(member_id=7)), "member_id", "text"),
    _recco("somebody else", _top(member_id="43"), "member_id", "somebody else"),
    _recco("strangers are known", _strangers_picked, "strategy", "bestsellers"),
    _recco("bestseller", _top(strategy="bestseller"), "strategy", "bestsellers"),
    _recco(
        "personal for all caches",
        _headers(Cache_Control="public, max-age=60"),
        "Cache-Control",
        "private",
    ),
    _recco(
        "private and public at once",
        _headers(Cache_Control="private, public, max-age=60"),
        "Cache-Control",
        "every cache",
    ),
    _recco("nobody's cache", _headers(Cache_Control="max-age=60"), "Cache-Control", "private"),
    _recco("never kept", _headers(Cache_Control="no-store"), "Cache-Control", "must be private"),
    _recco("no lifetime", _headers(Cache_Control="private"), "Cache-Control", "max-age"),
    Broken(
        "no limit at all",
        RECOMMENDATIONS,
        lambda asked: plain_recco(
            replace(asked, query={**asked.query, "limit": "6"}) if _beyond(asked) else asked
        ),
        "status",
        "must be 422",
    ),
)


def _beyond(asked: Asked) -> bool:
    limit = asked.query.get("limit", "6")
    return not 1 <= int(limit) <= 24
