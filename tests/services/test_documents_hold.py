"""Whatever the OpenAPI documents allow or forbid is answered as they say: schemathesis agrees."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

import promo_service.openapi
import recco_service.openapi
from tests.services.asking import SERVICE_NAMES, SERVICES
from tests.services.probing import Trial, tried

DOCUMENTS = {
    "promo": promo_service.openapi.document(),
    "recco": recco_service.openapi.document(),
}
APPS = {name: app for name, (app, _) in zip(SERVICE_NAMES, SERVICES, strict=True)}
PATHS = {"promo": "/v1/promotions", "recco": "/v1/recommendations"}
CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
}
either = pytest.mark.parametrize("name", SERVICE_NAMES)


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """Each service, tried by its own document."""
    return {name: tried(APPS[name], DOCUMENTS[name]) for name in SERVICE_NAMES}


@either
def test_nothing_is_found(trials: dict[str, Trial], name: str) -> None:
    assert trials[name].findings == set()


@either
def test_the_trial_was_one(trials: dict[str, Trial], name: str) -> None:
    """Every check ran, every resource was asked, and what can be refused was."""
    trial = trials[name]
    assert trial.checks >= CHECKS
    assert trial.statuses(PATHS[name]) == {200, 304, 405, 422}
    assert trial.statuses("/openapi.json") == {200, 304, 405}
    assert trial.statuses("/livez") == {200, 405}
    assert len({method for _, method, _, _ in trial.asked}) >= 8


@either
def test_links_lead_where_they_say(trials: dict[str, Trial], name: str) -> None:
    """The same question with the tag of its answer: it has not changed."""
    trial = trials[name]
    assert any("StillSo" in link for link in trial.followed)
    assert trial.asked["stateful", "GET", PATHS[name], 304] > 0


def _wider_limit(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/recommendations"]["get"]["parameters"]
    parameters[1]["schema"]["maximum"] = 30


def _no_422(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/recommendations"]["get"]["responses"]["422"]


def _amount_as_number(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Price"]["properties"]["amount"] = {"type": "number"}


def _another_header(document: dict[str, Any]) -> None:
    response = document["paths"]["/v1/recommendations"]["get"]["responses"]["200"]
    response["headers"]["X-Not-Sent"] = {"required": True, "schema": {"type": "string"}}


def _plain_problems(document: dict[str, Any]) -> None:
    response = document["paths"]["/v1/recommendations"]["get"]["responses"]["422"]
    response["content"] = {"application/json": response["content"].popitem()[1]}


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        (_wider_limit, "positive_data_acceptance"),
        (_no_422, "status_code_conformance"),
        (_amount_as_number, "response_schema_conformance"),
        (_another_header, "response_headers_conformance"),
        (_plain_problems, "content_type_conformance"),
    ],
)
def test_a_document_that_lies_is_found_out(
    lie: Callable[[dict[str, Any]], None], check: str
) -> None:
    document = copy.deepcopy(DOCUMENTS["recco"])
    lie(document)
    del document["paths"]["/livez"], document["paths"]["/openapi.json"]
    del document["paths"]["/v1/recommendations"]["head"]
    findings = tried(APPS["recco"], document, ["coverage"]).findings
    assert any(found.startswith(check) for found in findings), findings
