"""What the two services can do: everything of ``tests/misbehaving``, and replies of their own.

The contract's payload with one thing wrong in it says more than bytes that are wrong altogether.
"""

import gzip
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from typing import Any

from tests.misbehaving import BEHAVIOURS, Behaviour, alternate
from tests.misbehaving.wire import answer, chunk, head, read_request, reply, send

PROMO: dict[str, Any] = {
    "on": "2026-11-20",
    "campaign": {"id": "healthy", "name": "A healthy campaign"},
    "banners": [
        {
            "id": "healthy-1",
            "headline": "A healthy banner",
            "body": "It says what it should.",
            "href": "/books/?tag=winter",
            "image_url": None,
            "image_alt": "",
            "discount_percent": 20,
            "starts_on": "2026-11-15",
            "ends_on": "2026-12-31",
        }
    ],
}
RECCO: dict[str, Any] = {
    "member_id": None,
    "strategy": "bestsellers",
    "items": [
        {
            "isbn": "9780141439518",
            "title": "A healthy book",
            "author": "Jane Austen",
            "price": {"amount": "8.99", "currency": "EUR"},
            "reason": "It is well",
        }
    ],
}
GOOD = {"promo": PROMO, "recco": RECCO}
FIRST = {"promo": "banners", "recco": "items"}
"""Under which name the list stands whose first entry is spoiled."""
TEXT = {"promo": "headline", "recco": "title"}
"""A text that people read, in that entry."""


def says(data: bytes) -> Behaviour:
    """Return a behaviour that answers every request of a connection with ``data``."""

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        while await read_request(reader):
            await send(writer, data)

    return behave


def says_once(data: bytes) -> Behaviour:
    """Return a behaviour that answers one request with ``data`` and closes."""

    async def behave(reader: StreamReader, writer: StreamWriter) -> None:
        await answer(reader, writer, data)

    return behave


def spoiled(service: str, **changes: Any) -> dict[str, Any]:
    """Return the good payload whose first entry has ``changes``."""
    document: dict[str, Any] = json.loads(json.dumps(GOOD[service]))
    document[FIRST[service]][0].update(changes)
    return document


def behaviours_of(service: str) -> Mapping[str, Behaviour]:
    """Return all that ``service`` can do, by name; ``well`` is the healthy one."""
    good = json.dumps(GOOD[service]).encode()
    bodies = {**_spoiled_alike(service), **_SPOILED[service]()}
    return {
        **BEHAVIOURS,
        "well": says(reply(good)),
        **{name: says(reply(body)) for name, body in bodies.items()},
        **{name: says_once(data) for name, data in _odd_but_good(good).items()},
        "flaps": alternate(says_once(reply(good)), BEHAVIOURS["five_hundred_once"]),
    }


def _spoiled_alike(service: str) -> dict[str, bytes]:
    """Return what can be wrong with either payload; every one must be refused."""
    good = json.dumps(GOOD[service])
    listed, text = FIRST[service], TEXT[service]
    entry = GOOD[service][listed][0]
    mark = f'"{entry[text]}"'
    deep = "[" * 50_000 + "]" * 50_000
    return {
        "is a list": b"[" + good.encode() + b"]",
        "is in UTF-16": good.encode("utf-16"),
        "ends with garbage": good.encode() + b"<script>garbage</script>",
        "lacks its list": json.dumps({**GOOD[service], listed: None}).encode(),
        "has too many entries": json.dumps({**GOOD[service], listed: [entry] * 500}).encode(),
        "has a number for text": good.replace(mark, "7").encode(),
        "has null for text": good.replace(mark, "null").encode(),
        "has empty text": good.replace(mark, '""').encode(),
        "has text without end": good.replace(mark, '"' + "long " * 2_000 + '"').encode(),
        "has NUL in text": good.replace(mark, '"canary\\u0000canary"').encode(),
        "has an escape in text": good.replace(mark, '"canary\\u001b[31mcanary"').encode(),
        "has half a character": good.replace(mark, '"canary\\ud800"').encode(),
        "has broken UTF-8 in text": good.encode().replace(mark.encode(), b'"canary\xff\xfe"'),
        "has raw control characters": good.encode().replace(mark.encode(), b'"canary\x01\x02"'),
        "nests deep within": good.replace(mark, deep).encode(),
        "is cut in the middle": good.encode()[: len(good) // 2],
    }


def _spoiled_promo() -> dict[str, bytes]:
    good = json.dumps(PROMO)
    return {
        "has NaN for a number": good.replace("20,", "NaN,", 1).encode(),
        "has an infinite number": good.replace("20,", "1e999,", 1).encode(),
        "has 100,000 digits": good.replace("20,", "9" * 100_000 + ",", 1).encode(),
        "has too large a number": json.dumps(spoiled("promo", discount_percent=101)).encode(),
        "has text for a number": json.dumps(spoiled("promo", discount_percent="20")).encode(),
        "has no date for a date": json.dumps(spoiled("promo", ends_on="2026-02-30")).encode(),
    }


def _spoiled_recco() -> dict[str, bytes]:
    def priced(amount: Any, currency: Any = "EUR") -> bytes:
        price = {"amount": amount, "currency": currency}
        return json.dumps(spoiled("recco", price=price)).encode()

    return {
        "has NaN for a price": priced("NaN"),
        "has a number for a price": priced(8.99),
        "has a price with an exponent": priced("1e99"),
        "has a price in other digits": priced("٨.٩٩"),
        "has markup for a currency": priced("8.99", "<b>"),
        "has no ISBN for an ISBN": json.dumps(spoiled("recco", isbn="../../etc")).encode(),
    }


_SPOILED = {"promo": _spoiled_promo, "recco": _spoiled_recco}


def _odd_but_good(good: bytes) -> dict[str, bytes]:
    """Return replies that are odd around a payload that is good."""
    packed = gzip.compress(good)
    return {
        "sets a cookie": reply(good, headers=b"Set-Cookie: canary=1; Path=/\r\n"),
        "is packed unasked": reply(packed, headers=b"Content-Encoding: gzip\r\n"),
        "has odd headers": reply(
            good,
            headers=b"Link: <//canary.example>\r\nContent-Security-Policy: canary\r\n"
            b"Refresh: 0; url=//canary.example\r\nX-Request-ID: canary\r\nServer: canary\r\n",
        ),
        "comes in small chunks": head("Transfer-Encoding: chunked")
        + b"".join(chunk(good[at : at + 3]) for at in range(0, len(good), 3))
        + chunk(b""),
        "has a field more": reply(good[:-1] + b', "canary": [1, {"canary": null}]}'),
        "is called by another charset": reply(good, content_type="application/json; charset=x"),
        "sends early hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </canary>\r\n\r\n"
        + reply(good),
        "lives for ever": reply(good, headers=b"Cache-Control: public, max-age=99999999999\r\n"),
        "is older than the world": reply(good, headers=b"Age: 99999999999999999999\r\n"),
    }


def odd_names() -> tuple[str, ...]:
    """Return the names of the replies that are odd but good."""
    return tuple(_odd_but_good(b"{}"))


def spoiled_names(service: str) -> tuple[str, ...]:
    """Return the names of the payloads that have one thing wrong."""
    return (*_spoiled_alike(service), *_SPOILED[service]())
