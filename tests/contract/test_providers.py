"""The provider's half: our own services keep their contracts, by Pact's verifier and by ours."""

import re
from pathlib import Path
from typing import Any

import pytest
from pact import Verifier

from gateway.contracts.pactfiles import interactions, path_of
from gateway.contracts.services import CONTRACTS, Contract
from tests.contract.providers import NEVER_SAID, PROVIDERS, STATES_PATH, served, stateful
from tests.contract.serving import tried_at


def verified(provider: str, port: int, file: Path) -> Verifier:
    """Return Pact's verifier after its work. Raises RuntimeError where the contract is broken."""
    said = [
        each.description for each in interactions(provider) if each.description not in NEVER_SAID
    ]
    verifier = Verifier(provider, host="127.0.0.1")
    verifier.add_transport(url=f"http://127.0.0.1:{port}")
    verifier.add_source(file)
    verifier.state_handler(f"http://127.0.0.1:{port}{STATES_PATH}", body=True)
    verifier.filter(description="^(" + "|".join(map(re.escape, said)) + ")$")
    verifier.set_coloured_output(enabled=False)
    return verifier.verify()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_our_service_keeps_its_contract_says_pact(provider: str) -> None:
    with served(stateful(provider)) as port:
        results = verified(provider, port, path_of(provider)).results
    assert results["result"] is True
    passed = results["output"]
    foreseen = [each for each in interactions(provider) if each.description not in NEVER_SAID]
    assert sum("(OK)" in line for line in passed) >= len(foreseen)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_pact_turns_red_where_the_contract_asks_for_more(provider: str, tmp_path: Path) -> None:
    text = path_of(provider).read_text(encoding="utf-8")
    file = tmp_path / path_of(provider).name
    file.write_text(text.replace('"title"', '"name_of_it"').replace('"headline"', '"head"'))
    with served(stateful(provider)) as port, pytest.raises(RuntimeError):
        verified(provider, port, file)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_our_service_keeps_its_contract_says_the_trial(contract: Contract) -> None:
    with served(stateful(contract.provider)) as port:
        trial = await tried_at(contract, f"http://127.0.0.1:{port}")
    wrong: list[Any] = [result for result in trial.results if result.broken]
    assert wrong == []
    untried = [result.name for result in trial.results if result.untried]
    assert untried == [*NEVER_SAID, "a question at a bad time"]
