"""The contract checks itself: whatever field of a reply is changed, the trial turns red and names
it; what a newer version may add stays green."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.contracts.anatomy import Field, fields
from gateway.contracts.report import report
from gateway.contracts.services import CONTRACTS, Contract
from tests.contract.foreign import CORRECT, Answer, Asked, Service
from tests.contract.providers import stateful
from tests.contract.serving import recorded, tried

Mutation = Callable[[dict[str, Any], str], None]


def removed(row: dict[str, Any], name: str) -> None:
    """The field is not there."""
    del row[name]


def renamed(row: dict[str, Any], name: str) -> None:
    """The field has another name."""
    row[f"{name}_v2"] = row.pop(name)


def retyped(row: dict[str, Any], name: str) -> None:
    """The value has another type."""
    value = row[name]
    row[name] = [value] if isinstance(value, str | None) else json.dumps(value)


def nulled(row: dict[str, Any], name: str) -> None:
    """The value is null."""
    row[name] = None


def rows(value: Any, path: str) -> Iterator[dict[str, Any]]:
    """Give every object that holds the field at ``path``, written ``banners[].headline``."""
    head, _, rest = path.partition(".")
    if not rest:
        yield value
        return
    inner = value[head.removesuffix("[]")]
    for each in inner if head.endswith("[]") else [inner]:
        if each is not None:
            yield from rows(each, rest)


def mutated(service: Service, path: str, mutation: Mutation) -> Service:
    """Return ``service`` with one field of each good reply changed."""

    def answered(asked: Asked) -> Answer:
        answer = service(asked)
        if answer.status != 200:
            return answer
        value = json.loads(answer.sent)
        for row in rows(value, path):
            mutation(row, path.rpartition(".")[2])
        return Answer(200, answer.headers, value)

    return answered


def owed(contract: Contract) -> list[Field]:
    """The fields that every service must send."""
    return [field for field in fields(contract.endpoint.payload) if field.kind.owed]


CASES = [
    pytest.param(contract, field, mutation, id=f"{contract.name}-{field.path}-{mutation.__name__}")
    for contract in CONTRACTS
    for field in owed(contract)
    for mutation in (removed, renamed, retyped, nulled)
    if mutation is not nulled or not field.kind.nullable
]


def test_every_field_of_every_contract_is_mutated() -> None:
    assert len(CASES) > 80
    assert {case.values[1].path for case in CASES} >= {
        "on", "campaign", "campaign.name", "banners", "banners[].headline", "banners[].ends_on",
        "items[].price.amount", "items[].price.currency", "strategy", "member_id",
    }  # fmt: skip


@pytest.mark.parametrize(("contract", "field", "mutation"), CASES)
async def test_a_mutated_field_turns_the_trial_red_and_is_named(
    contract: Contract, field: Field, mutation: Mutation
) -> None:
    service = CORRECT["plain"][CONTRACTS.index(contract)]
    trial = await tried(contract, mutated(service, field.path, mutation))
    assert trial.broken
    named = field.path.replace("[]", "[0]")
    wrong = [
        each for result in trial.results for each in result.findings
        if not each.remark and each.where == named
    ]  # fmt: skip
    assert wrong, report([trial])
    assert named in report([trial])
    if mutation is renamed:
        assert f"{field.name}_v2" in wrong[0].said


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_a_field_that_our_own_service_mutates_turns_its_trial_red(contract: Contract) -> None:
    ours = await recorded(contract, stateful(contract.provider))
    assert not (await tried(contract, ours)).broken
    for case in CASES:
        of, field, mutation = case.values
        if of is contract:
            trial = await tried(contract, mutated(ours, field.path, mutation))
            named = field.path.replace("[]", "[0]")
            found = (each for result in trial.results for each in result.findings)
            assert any(each.where == named and not each.remark for each in found), case.id


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_the_door_and_the_trial_refuse_the_same_mutations(contract: Contract) -> None:
    """But for what the door forgives: there the trial is the stricter one."""
    import msgspec

    from gateway.contracts.bodies import faults

    service = CORRECT["plain"][CONTRACTS.index(contract)]
    query = {"on": "2026-11-20"} if contract.name == "promo" else {"member_id": "42"}
    asked = Asked("GET", contract.endpoint.path, query)
    for case in CASES:
        of, field, mutation = case.values
        if of is not contract:
            continue
        value = json.loads(mutated(service, field.path, mutation)(asked).sent)
        assert faults(value, contract.endpoint.payload)
        try:
            msgspec.convert(value, contract.endpoint.payload)
        except msgspec.ValidationError:
            continue
        assert field.forgiven, f"{field.path} {mutation.__name__} passed the door"


def added(row: dict[str, Any], name: str) -> None:
    """There is one more field beside it."""
    row[f"{name}_extra"] = {"any": ["thing"]}


def reordered(row: dict[str, Any], name: str) -> None:
    """The field comes last."""
    row[name] = row.pop(name)


@pytest.mark.parametrize("change", [added, reordered])
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_what_a_newer_version_may_do_stays_green(
    contract: Contract, change: Mutation
) -> None:
    service = CORRECT["plain"][CONTRACTS.index(contract)]
    for field in owed(contract):
        trial = await tried(contract, mutated(service, field.path, change))
        assert not trial.broken, report([trial])


async def test_a_larger_limit_stays_green() -> None:
    contract, (_, wordy) = CONTRACTS[1], CORRECT["wordy"]
    trial = await tried(contract, wordy)
    assert not trial.broken
    assert "allows more than the contract asks for" in report([trial])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
async def test_a_field_that_is_not_owed_may_be_missing_but_not_wrong(contract: Contract) -> None:
    service = CORRECT["plain"][CONTRACTS.index(contract)]
    optional = [field for field in fields(contract.endpoint.payload) if not field.kind.owed]
    assert optional, "there is none any more: this test has lost its purpose"
    for field in optional:

        def wrong(row: dict[str, Any], name: str) -> None:
            row[name] = {"not": "that"}

        trial = await tried(contract, mutated(service, field.path, wrong))
        assert any(each.where == field.path for result in trial.results for each in result.findings)
