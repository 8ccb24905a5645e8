"""Services that somebody else might have written: correct ones in different styles.

Each is a plain function from a question to an answer, so that a test can serve it over a socket or
without one, and break it first.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A question as a service hears it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a service says; ``value`` becomes JSON unless ``body`` is given.

    ``chunked`` is sent in pieces and without a Content-Length. ``cut`` breaks the connection
    before the last byte.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    value: Any = None
    body: bytes | None = None
    chunked: bool = False
    cut: bool = False

    @property
    def sent(self) -> bytes:
        """The body as it goes over the wire."""
        if self.body is not None:
            return self.body
        return b"" if self.value is None else json.dumps(self.value).encode()


Service = Callable[[Asked], Answer]


def problem(status: int, title: str) -> Answer:
    """Return an error as problem details."""
    value = {"type": "about:blank", "title": title, "status": status, "detail": "See the manual."}
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return Answer(status, headers, value)


def promotions(asked: Asked, value: Callable[[date], Any]) -> Answer:
    """Answer as the contract of promotions says, with the ``value`` of a day."""
    if asked.path != "/v1/promotions":
        return problem(404, "Not Found")
    if asked.method not in ("GET", "HEAD"):
        return problem(405, "Method Not Allowed")
    try:
        on = date.fromisoformat(asked.query["on"]) if "on" in asked.query else _today()
    except ValueError:
        return problem(422, "Invalid parameter")
    headers = {"Content-Type": "application/json", "Cache-Control": "public, max-age=120"}
    return Answer(200, headers, value(on))


def recommendations(asked: Asked, value: Callable[[str | None, int], Any]) -> Answer:
    """Answer as the contract of recommendations says, with the ``value`` for a member."""
    if asked.path != "/v1/recommendations":
        return problem(404, "Not Found")
    if asked.method not in ("GET", "HEAD"):
        return problem(405, "Method Not Allowed")
    limit = asked.query.get("limit", "6")
    if not limit.isdigit() or not 1 <= int(limit) <= 24:
        return problem(422, "Invalid parameter")
    headers = {"Content-Type": "application/json", "Cache-Control": "private, max-age=30"}
    return Answer(200, headers, value(asked.query.get("member_id"), int(limit)))


def _today() -> date:
    return datetime.now(UTC).date()


def offers(on: date) -> Any:
    """Two banners for any day, as plain as can be."""
    banner = {
        "id": "a-1",
        "headline": "Everything must go",
        "body": "Half of the shop at half of the price.",
        "href": "/books/?tag=short",
        "image_url": None,
        "image_alt": "",
        "discount_percent": 50,
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
    }
    second = {**banner, "id": "a-2", "headline": "And this", "discount_percent": 0}
    campaign = {"id": "sale", "name": "Sale"}
    return {"on": on.isoformat(), "campaign": campaign, "banners": [banner, second]}


def picks(member: str | None, limit: int) -> Any:
    """Books for member 42, best sellers for everybody else."""
    book = {
        "isbn": "9780141439587",
        "title": "Emma",
        "author": "Jane Austen",
        "price": {"amount": "8.99", "currency": "EUR"},
        "reason": "You bought Persuasion",
    }
    known = member == "42"
    return {
        "member_id": member,
        "strategy": "bought-together" if known else "bestsellers",
        "items": [{**book, "title": f"Emma, volume {n}"} for n in range(1, limit + 1)],
    }


def plain_promo(asked: Asked) -> Answer:
    """The promotions service that the others are variations of."""
    return promotions(asked, offers)


def plain_recco(asked: Asked) -> Answer:
    """The recommendation service that the others are variations of."""
    return recommendations(asked, picks)


def _shuffled(value: Any) -> Any:
    """The same value, each object backwards and with fields that nobody asked for."""
    if isinstance(value, list):
        return [_shuffled(each) for each in value]
    if not isinstance(value, dict):
        return value
    backwards = {name: _shuffled(value[name]) for name in reversed(value)}
    return {"_links": {"self": {"href": "/"}}, "score": 0.97, **backwards, "tags": ["a", None]}


def wordy_promo(asked: Asked) -> Answer:
    """Sends more than was asked for, in another order."""
    return promotions(asked, lambda on: _shuffled(offers(on)))


def wordy_recco(asked: Asked) -> Answer:
    """Sends more than was asked for, in another order; gives up to a hundred books."""
    if asked.query.get("limit", "").isdigit() and 24 < int(asked.query["limit"]) <= 100:
        asked = Asked(asked.method, asked.path, {**asked.query, "limit": "24"}, asked.headers)
    return recommendations(asked, lambda member, limit: _shuffled(picks(member, limit)))


def chunked(service: Service) -> Service:
    """The same service in pieces, without a Content-Length, with a charset and an ETag."""

    def answered(asked: Asked) -> Answer:
        answer = service(asked)
        headers = dict(answer.headers)
        if answer.status == 200:
            headers |= {"Content-Type": "Application/JSON; charset=UTF-8", "ETag": 'W/"one"'}
            if asked.headers.get("if-none-match") == 'W/"one"':
                return Answer(304, headers)
        return Answer(answer.status, headers, answer.value, chunked=True)

    return answered


def _quiet_days(on: date) -> Any:
    """A campaign in November alone, with pictures; nothing else."""
    if on.month != 11:
        return {"on": on.isoformat(), "campaign": None, "banners": []}
    banner = offers(on)["banners"][0] | {
        "image_url": "https://pictures.example/one.webp",
        "image_alt": "Ein Stapel Bücher",
        "headline": "Bücher, die bleiben – 日本語も",
        "discount_percent": 100,
        "href": "https://elsewhere.example/sale",
        "starts_on": on.isoformat(),
        "ends_on": on.isoformat(),
    }
    return {"on": on.isoformat(), "campaign": {"id": "n", "name": "November"}, "banners": [banner]}


def other_promo(asked: Asked) -> Answer:
    """Other, valid content: mostly no campaign, pictures, links elsewhere."""
    answer = promotions(asked, _quiet_days)
    if answer.status != 200:
        return answer
    return Answer(200, {**answer.headers, "Cache-Control": "max-age=0, public"}, answer.value)


def _other_picks(member: str | None, limit: int) -> Any:
    """A single book in another currency, by another rule; nobody's name for strangers."""
    items = picks(member, 1)["items"]
    items[0] |= {"price": {"amount": "1480", "currency": "JPY"}, "reason": ""}
    if member is None:
        return {"strategy": "bestsellers", "items": items}
    known = int(member) < 1000
    return {
        "strategy": "trending-near-you" if known else "bestsellers",
        "member_id": member if known else None,
        "items": items,
    }


def other_recco(asked: Asked) -> Answer:
    """Other, valid content: another strategy and currency, fewer books than asked for."""
    answer = recommendations(asked, _other_picks)
    if answer.status == 404:
        return Answer(404, {"Content-Type": "text/html"}, body=b"<h1>Not Found</h1>")
    return answer


CORRECT: dict[str, tuple[Service, Service]] = {
    "plain": (plain_promo, plain_recco),
    "wordy": (wordy_promo, wordy_recco),
    "chunked": (chunked(plain_promo), chunked(plain_recco)),
    "other content": (other_promo, other_recco),
}
"""Correct pairs of a promotions and a recommendation service, by their style."""
