"""What the OpenAPI documents promise is all that the page needs, and never something else."""

import copy
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promo_service.openapi
import recco_service.openapi
from gateway.sources.http import Endpoint
from gateway.storefront.plan import PROMO, RECCO
from tests.services.covering import Covering, Gap, Patterned, Schema, unsent

DOCUMENTS = {
    "promo": promo_service.openapi.document(),
    "recco": recco_service.openapi.document(),
}
DECLARED: dict[str, Endpoint] = {"promo": PROMO, "recco": RECCO}
either = pytest.mark.parametrize("name", DOCUMENTS)


def response_schema(document: Schema, path: str) -> Schema:
    """The schema of the whole reply."""
    response = document["paths"][path]["get"]["responses"]["200"]
    schema: Schema = response["content"]["application/json"]["schema"]
    return schema


def compared(name: str, document: Schema) -> list[Gap | Patterned]:
    """What comes of comparing the page's declaration with a service's document."""
    declared = DECLARED[name]
    needed = msgspec.json.schema(declared.payload)
    offered = response_schema(document, declared.path)
    return list(Covering(needed, document).gaps(needed, offered))


def gaps(name: str, document: Schema) -> list[str]:
    """What the page needs and the document does not promise, in words."""
    return [str(each) for each in compared(name, document) if isinstance(each, Gap)]


@either
def test_each_document_promises_what_the_page_needs(name: str) -> None:
    assert gaps(name, DOCUMENTS[name]) == []


PATTERNS = [
    each for name in DOCUMENTS for each in compared(name, DOCUMENTS[name])
    if isinstance(each, Patterned)
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("pair", PATTERNS, ids=lambda pair: pair.field)
def test_every_text_that_a_document_allows_is_one_that_the_page_takes(
    pair: Patterned, data: st.DataObject
) -> None:
    # In JSON Schema a dollar sign is the end of the text; to Python, also a line feed before it.
    text = data.draw(st.from_regex(re.sub(r"\$\Z", r"\\Z", pair.offered)))
    assert re.search(pair.needed, text), f"{pair.field} may be {text!r}"


@either
def test_the_fields_of_the_query_are_the_ones_that_the_page_asks_with(name: str) -> None:
    declared = DECLARED[name]
    parameters = DOCUMENTS[name]["paths"][declared.path]["get"]["parameters"]
    named = {each["name"] for each in parameters if each.get("in") == "query"}
    assert set(declared.asks) <= named


def test_one_optional_field_is_sent_by_one_service_only() -> None:
    not_sent = {}
    for name, document in DOCUMENTS.items():
        needed = msgspec.json.schema(DECLARED[name].payload)
        offered = response_schema(document, DECLARED[name].path)
        not_sent[name] = unsent(Covering(needed, document), needed, offered)
    assert not_sent == {"promo": {"as_of"}, "recco": set()}


Change = Callable[[Schema], Any]


def _of(schema: str, field: str, **changed: Any) -> Change:
    """Change what a document says of a field; None takes it away."""

    def change(schemas: Schema) -> None:
        said = schemas[schema]["properties"][field] | changed
        kept = {key: value for key, value in said.items() if value is not None}
        schemas[schema]["properties"][field] = kept

    return change


def _unpromised(schema: str, field: str) -> Change:
    return lambda schemas: schemas[schema]["required"].remove(field)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("promo", _unpromised("Banner", "headline"), "banners[].headline: is not promised"),
        ("promo", _unpromised("Promotions", "on"), "on: is not promised"),
        ("promo", _of("Banner", "headline", maxLength=201), "banners[].headline: may be more than"),
        ("promo", _of("Banner", "headline", maxLength=None), "more than 200 characters"),
        ("promo", _of("Banner", "headline", minLength=None), "less than 1 characters"),
        ("promo", _of("Banner", "headline", pattern=None), "may be any text"),
        ("promo", _of("Banner", "ends_on", format=None), "banners[].ends_on: may be no date"),
        ("promo", _of("Banner", "discount_percent", maximum=101), "more than 100 as a number"),
        ("promo", _of("Banner", "href", type="null"), "banners[].href: may be null"),
        ("promo", _of("Campaign", "id", type="integer"), "campaign.id: may be integer"),
        ("promo", _of("Promotions", "banners", maxItems=None), "banners: may be more than 50"),
        ("recco", _of("Price", "amount", type="number"), "items[].price.amount: may be number"),
        ("recco", _of("Price", "currency", enum=["EUR", "€"]), "price.currency: may be '€'"),
        ("recco", _unpromised("Item", "price"), "items[].price: is not promised"),
    ],
)  # fmt: skip
def test_a_promise_that_is_taken_back_is_named(name: str, change: Change, says: str) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    change(document["components"]["schemas"])
    assert any(says in gap for gap in gaps(name, document)), gaps(name, document)


def test_more_is_always_welcome() -> None:
    document = copy.deepcopy(DOCUMENTS["promo"])
    schemas = document["components"]["schemas"]
    _of("Banner", "headline", maxLength=30)(schemas)
    schemas["Banner"]["required"] = sorted(schemas["Banner"]["required"], reverse=True)
    schemas["Banner"]["properties"]["colour"] = {"type": "string"}
    assert gaps("promo", document) == []
