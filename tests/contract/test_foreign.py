"""Foreign services on trial: correct ones pass whatever their style, subtly broken ones do not."""

from dataclasses import replace

import pytest

from gateway.contracts.report import report
from gateway.contracts.services import CONTRACTS, PROMOTIONS, Contract
from gateway.contracts.trial import Trial
from tests.contract.breaking import BROKEN, Broken
from tests.contract.foreign import CORRECT, Answer, Asked, plain_promo
from tests.contract.serving import served, tried, tried_at

ON_THE_WIRE = {"cut short", "gzip unasked", "redirected", "NaN", "personal for all caches"}
"""Broken services that are asked over a real socket; for the others it makes no difference."""


def complaints(trial: Trial) -> list[str]:
    """Everything that is wrong, remarks aside."""
    return [str(each) for result in trial.results for each in result.findings if not each.remark]


@pytest.mark.parametrize("index", [0, 1], ids=[each.name for each in CONTRACTS])
@pytest.mark.parametrize("style", CORRECT)
async def test_a_correct_service_of_another_style_keeps_its_contract(
    style: str, index: int
) -> None:
    async with served(CORRECT[style][index]) as url:
        trial = await tried_at(CONTRACTS[index], url)
    assert complaints(trial) == []
    assert trial.reachable
    assert not trial.broken


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.name)
async def test_a_subtly_broken_service_fails_and_the_message_names_what_is_wrong(
    broken: Broken,
) -> None:
    if broken.name in ON_THE_WIRE:
        async with served(broken.service) as url:
            trial = await tried_at(broken.contract, url)
    else:
        trial = await tried(broken.contract, broken.service)
    assert trial.broken
    said = report([trial])
    assert any(broken.where in each and broken.said in each for each in complaints(trial)), said
    assert broken.where in said


async def test_a_service_that_does_not_listen_is_not_reachable() -> None:
    async with served(plain_promo) as url:
        pass
    trial = await tried_at(PROMOTIONS, url)
    assert not trial.reachable
    assert "NOT REACHABLE" in report([trial])
    assert sum(bool(result.came) for result in trial.results) == 1


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_a_service_that_says_200_to_everything_is_broken(contract: Contract) -> None:
    plain = CORRECT["plain"][CONTRACTS.index(contract)]
    trial = await tried(contract, lambda asked: replace(plain(asked), status=200))
    assert "status: must be 422, and is 200" in complaints(trial)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_what_cannot_be_asked_for_is_told_and_breaks_nothing(contract: Contract) -> None:
    trial = await tried(contract, CORRECT["plain"][CONTRACTS.index(contract)])
    untried = {result.name: result.untried for result in trial.results if result.untried}
    assert untried.keys() == {
        "a question too many",
        "a question at a bad time",
        "the same promotions again" if contract is PROMOTIONS else "the same recommendations again",
    }
    said = report([trial])
    assert said.count("not tried  ") == len(untried)
    assert "because   nobody outside can bring it about" in said


async def test_a_banner_that_is_over_is_remarked_upon_and_breaks_nothing() -> None:
    def late(asked: Asked) -> Answer:
        answer = plain_promo(asked)
        if answer.status == 200:
            answer.value["banners"][1] |= {"starts_on": "2020-01-01", "ends_on": "2020-02-01"}
        return answer

    trial = await tried(PROMOTIONS, late)
    assert not trial.broken
    assert "banners[1].ends_on: is 2020-02-01" in report([trial])


async def test_remarks_do_not_crowd_out_a_fault() -> None:
    def busy(asked: Asked) -> Answer:
        answer = plain_promo(asked)
        if answer.status != 200:
            return answer
        elsewhere = {**answer.value["banners"][0], "href": "https://elsewhere.example/"}
        last = {**elsewhere}
        del last["starts_on"]
        return replace(answer, value={**answer.value, "banners": [*[elsewhere] * 49, last]})

    trial = await tried(PROMOTIONS, busy)
    assert "banners[49].starts_on: is missing" in complaints(trial)


async def test_no_connection_is_kept_for_the_next_question() -> None:
    """A service that serves one connection at a time would never come to the other questions."""
    heard: list[str] = []

    def listening(asked: Asked) -> Answer:
        heard.append(asked.headers["connection"])
        return plain_promo(asked)

    await tried(PROMOTIONS, listening)
    assert set(heard) == {"close"}
