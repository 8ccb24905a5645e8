"""A reply is judged once, at the door: what does not fulfil the contract does not come in."""

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import BadContentType, BadPayload, BadReply, BadStatus, SourceError
from gateway.aggregation.source import Call, Reply
from gateway.sources.http import Endpoint, http_source
from gateway.storefront.payloads import Promotions, Recommendations
from tests.unit.sources.running import run

PROMOTIONS: dict[str, Any] = {
    "on": "2026-11-20",
    "campaign": {"id": "winter", "name": "Winter reads"},
    "banners": [{"id": "one", "headline": "Long nights", "href": "/books/", "ends_on": None}],
}
RECOMMENDATIONS: dict[str, Any] = {
    "member_id": "42",
    "strategy": "bought-together",
    "items": [
        {
            "isbn": "9780141439518",
            "title": "Pride and Prejudice",
            "author": "Jane Austen",
            "price": {"amount": "8.99", "currency": "EUR"},
        }
    ],
}


def said(body: bytes, payload: Any = Promotions, status: int = 200, **headers: str) -> Reply:
    """Return the reply of a source whose service sends ``body``."""
    sent = {"Content-Type": "application/json", **headers}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=sent, content=body))
    endpoint = Endpoint(name="thing", service="", path="/", payload=payload, timeout="")
    source = http_source(endpoint, "http://thing.test", transport)

    async def ask() -> Reply:
        return await source(Call(Deadline.after(60)))

    return run(ask())


def changed(base: dict[str, Any], path: str, value: Any) -> bytes:
    """Return ``base`` as JSON with what lies at ``path`` (dots between names) set to ``value``."""
    whole = json.loads(json.dumps(base))
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    inner: Any = whole
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(whole).encode()


def test_a_good_payload_comes_through_typed() -> None:
    value = said(json.dumps(PROMOTIONS).encode()).value
    assert isinstance(value, Promotions)
    assert value.banners[0].headline == "Long nights"
    assert isinstance(
        said(json.dumps(RECOMMENDATIONS).encode(), Recommendations).value.items, tuple
    )


@pytest.mark.parametrize("path", ["more", "campaign.more", "banners.0.more"])
def test_fields_beyond_the_contract_are_passed_over(path: str) -> None:
    """A service may learn to say more before we learn to listen."""
    assert isinstance(said(changed(PROMOTIONS, path, {"deep": [1]})).value, Promotions)


@pytest.mark.parametrize(
    "path", ["on", "campaign", "banners", "campaign.id", "banners.0.headline", "banners.0.href"]
)
def test_a_field_that_is_missing_is_a_bad_payload(path: str) -> None:
    with pytest.raises(BadPayload):
        said(changed(PROMOTIONS, path, ...))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("on", "soon"),
        ("on", "2026-13-45"),
        ("on", 20261120),
        ("campaign", []),
        ("banners", {}),
        ("banners", None),
        ("banners.0", None),
        ("banners.0.headline", 7),
        ("banners.0.headline", ""),
        ("banners.0.headline", "x" * 201),
        ("banners.0.headline", "a\x00b"),
        ("banners.0.headline", "\x1b[31mred"),
        ("banners.0.discount_percent", 101),
        ("banners.0.discount_percent", "20"),
        ("banners.0.discount_percent", 20.5),
        ("banners", [PROMOTIONS["banners"][0]] * 51),
    ],
)
def test_a_value_that_breaks_the_contract_is_a_bad_payload(path: str, value: Any) -> None:
    with pytest.raises(BadPayload):
        said(changed(PROMOTIONS, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("items.0.isbn", "9780141439518\n"),
        ("items.0.isbn", "978014143951"),
        ("items.0.price", "8.99"),
        ("items.0.price.amount", 8.99),
        ("items.0.price.amount", "NaN"),
        ("items.0.price.amount", "-1"),
        ("items.0.price.amount", "1e9"),
        ("items.0.price.currency", "eur"),
        ("items", [RECOMMENDATIONS["items"][0]] * 25),
        ("member_id", 42),
    ],
)
def test_a_recommendation_that_breaks_the_contract_is_a_bad_payload(path: str, value: Any) -> None:
    with pytest.raises(BadPayload):
        said(changed(RECOMMENDATIONS, path, value), Recommendations)


ODD = {
    "nothing": b"",
    "NaN": b"NaN",
    "NaN inside": b'{"x": NaN}',
    "Infinity": b"-Infinity",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and open": b"[" * 100_000,
    "a huge integer": b"9" * 100_000,
    "a huge exponent": b"1e999999",
    "bad UTF-8": b'"\xff\xfe"',
    "half a character": b'"\xf0\x9f"',
    "overlong": b'"\xc0\xaf"',
    "a lone surrogate": b'"\\ud800"',
    "a raw NUL": b'"\x00"',
    "a raw line break": b'"\n"',
    "a byte-order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "two values": b"{} {}",
    "a comma too many": b"[1,]",
    "single quotes": b"{'a': 1}",
}


@pytest.mark.parametrize("payload", [Promotions, dict[str, Any]], ids=["struct", "anything"])
@pytest.mark.parametrize("name", ODD)
def test_what_is_no_json_is_a_bad_payload(name: str, payload: Any) -> None:
    """Also where the contract is any object at all, so that nothing but the parser can object."""
    with pytest.raises(BadPayload):
        said(ODD[name], payload)


@pytest.mark.parametrize("body", [ODD["deep lists"], ODD["deep objects"]])
def test_deep_nesting_is_no_crash_where_anything_is_allowed(body: bytes) -> None:
    """The parser raises RecursionError, which is no ValueError."""
    with pytest.raises(BadPayload):
        said(body, Any)
    with pytest.raises(BadPayload):
        said(b'{"more": ' + body + b"}", dict[str, Any])


@pytest.mark.parametrize("body", [ODD["deep lists"], b"9" * 100_000, b'"\xff"', b"NaN"])
def test_a_field_that_is_passed_over_cannot_crash_either(body: bytes) -> None:
    whole = json.dumps(PROMOTIONS).encode()[:-1] + b', "more": ' + body + b"}"
    with suppress(BadPayload):
        assert isinstance(said(whole).value, Promotions)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_else(body: bytes) -> None:
    with pytest.raises(SourceError):
        said(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(PROMOTIONS)), json_values)
def test_a_field_of_any_kind_is_good_or_a_bad_payload(field: str, value: Any) -> None:
    with suppress(BadPayload):
        assert isinstance(said(changed(PROMOTIONS, field, value)).value, Promotions)


@pytest.mark.parametrize(
    "content_type", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"]
)
def test_json_by_any_of_its_spellings_is_taken(content_type: str) -> None:
    assert said(json.dumps(PROMOTIONS).encode(), **{"Content-Type": content_type}).value


@pytest.mark.parametrize(
    "content_type", ["", "text/html", "text/json", "application/problem+json", "application/jsonp"]
)
def test_another_format_is_not_even_read(content_type: str) -> None:
    with pytest.raises(BadContentType):
        said(json.dumps(PROMOTIONS).encode(), **{"Content-Type": content_type})


@pytest.mark.parametrize("status", [201, 204, 206, 301, 304, 404, 429, 500, 503])
def test_any_status_but_200_is_a_bad_status(status: int) -> None:
    with pytest.raises(BadStatus) as caught:
        said(json.dumps(PROMOTIONS).encode(), status=status)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'"a\\r\\nb"', "application/json"), (b"{}", "text/\x7fhtml" + "x" * 5_000)],
)
def test_what_an_upstream_wrote_is_fit_for_a_log_line(body: bytes, content_type: str) -> None:
    with pytest.raises(BadReply) as caught:
        said(body, **{"Content-Type": content_type})
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 200


def test_the_time_that_a_source_says_travels_with_the_reply() -> None:
    body = json.dumps(PROMOTIONS).encode()
    assert said(body, **{"Cache-Control": "max-age=60", "Age": "10"}).terms.fresh == 50.0
    assert said(body).terms.fresh is None
