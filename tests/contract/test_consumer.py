"""The consumer's half: our real HTTP source asks Pact's mock server, and makes of it what a page
shows. The same interactions are the contract files."""

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.aggregation.deadline import Deadline
from gateway.aggregation.errors import BadStatus
from gateway.aggregation.source import UNCHANGED, Call, Reply
from gateway.contracts.bodies import faults
from gateway.contracts.pactfiles import FOLDER, path_of
from gateway.contracts.services import CONTRACTS, Contract
from gateway.sources.http import http_source
from gateway.sources.transports import build_transport
from tests.contract.interactions import EVERYTHING, INTERACTIONS, Expected
from tests.contract.writing import contract_file, owed_part, pact_of

SECONDS = 5.0
GOOD = [each for each in EVERYTHING if each.status == 200]
REFUSALS = [each for each in EVERYTHING if each.status >= 400]
AGAIN = [each for each in EVERYTHING if each.status == 304]


def name(expected: Expected) -> str:
    """What a test is called by."""
    return f"{expected.contract.name}-{expected.name}".replace(" ", "-")


def asked(expected: Expected) -> Reply:
    """Return what our source makes of the mock's answer. Raises what the source raises.

    The mock checks that it was asked exactly what the contract says.
    """
    pact = pact_of(expected.contract.provider, (expected,))
    with pact.serve() as mock:
        return asyncio.run(_asked(expected, str(mock.url).rstrip("/")))


async def _asked(expected: Expected, url: str) -> Reply:
    declared = expected.contract.endpoint
    transport = build_transport("aiohttp", SECONDS)
    try:
        source = http_source(replace(declared, path=declared.path + expected.below), url, transport)
        etag = expected.etag or None
        return await source(Call(Deadline.after(SECONDS), expected.args, etag=etag))
    finally:
        await transport.aclose()


@pytest.mark.parametrize("expected", GOOD, ids=name)
def test_a_good_reply_becomes_the_value_that_a_page_shows(expected: Expected) -> None:
    reply = asked(expected)
    assert reply.value == owed_part(expected.says)
    assert reply.terms.fresh


@pytest.mark.parametrize("expected", AGAIN, ids=name)
def test_a_304_says_that_what_is_held_still_holds(expected: Expected) -> None:
    reply = asked(expected)
    assert reply.value is UNCHANGED
    assert reply.terms.fresh


@pytest.mark.parametrize("expected", REFUSALS, ids=name)
def test_a_refusal_is_a_bad_status_and_tells_how_long_to_wait(expected: Expected) -> None:
    with pytest.raises(BadStatus) as caught:
        asked(expected)
    assert caught.value.status == expected.status
    told = expected.headers.get("Retry-After")
    assert caught.value.retry_after_seconds == (float(told) if told else None)


@pytest.mark.parametrize("provider", INTERACTIONS)
def test_the_contract_file_is_what_the_tests_write(provider: str) -> None:
    committed = path_of(provider).read_text(encoding="utf-8")
    assert committed == contract_file(provider), "run: python -m tests.contract.write"


def test_there_is_a_contract_file_for_each_service_and_no_other() -> None:
    assert set(FOLDER.glob("*")) == {path_of(provider) for provider in INTERACTIONS}


@pytest.mark.parametrize("provider", INTERACTIONS)
def test_the_same_contract_is_written_each_time(provider: str) -> None:
    assert contract_file(provider) == contract_file(provider)


def test_the_interactions_cover_every_answer_that_a_source_can_meet() -> None:
    for provider, interactions in INTERACTIONS.items():
        assert {each.status for each in interactions} == {200, 304, 404, 422, 429, 503}, provider
        assert len({each.name for each in interactions}) == len(interactions)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
def test_the_examples_in_a_contract_file_keep_the_contract(contract: Contract) -> None:
    """Who builds a service after them must not be misled."""
    held = json.loads(path_of(contract.provider).read_text(encoding="utf-8"))
    good = [each for each in held["interactions"] if each["response"]["status"] == 200]
    assert good
    for each in good:
        value = each["response"]["body"]["content"]
        asked = {name: values[0] for name, values in each["request"].get("query", {}).items()}
        # An example of today's reply names the day on which it was written.
        asked.setdefault("on", value.get("on", ""))
        found = (*faults(value, contract.endpoint.payload), *contract.rules(asked, value))
        assert [str(finding) for finding in found if not finding.remark] == []
