"""From the consumer's interactions to Pact: matchers by payload type, files that stay stable."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec import inspect
from pact import Pact, match
from pact.interaction import HttpInteraction

from gateway.contracts.anatomy import Kind, children, item_kind, kind_of_payload
from gateway.contracts.pactfiles import CONSUMER, path_of
from tests.contract.interactions import INTERACTIONS, PROBLEM, Expected

DAY = r"^\d{4}-\d{2}-\d{2}$"


def pact_of(provider: str, expected: tuple[Expected, ...]) -> Pact:
    """Return a pact of these interactions."""
    pact = Pact(CONSUMER, provider)
    for each in expected:
        _described(pact, each)
    return pact


def _described(pact: Pact, expected: Expected) -> None:
    endpoint = expected.contract.endpoint
    interaction = pact.upon_receiving(expected.name)
    if expected.state:
        interaction.given(expected.state)
    interaction.with_request("GET", endpoint.path + expected.below)
    for name, value in expected.args.items():
        interaction.with_query_parameter(name, str(value))
    if expected.etag:
        interaction.with_header("If-None-Match", expected.etag)
    _answered(interaction.will_respond_with(expected.status), expected)


def _answered(interaction: HttpInteraction, expected: Expected) -> None:
    for name, value in expected.headers.items():
        interaction.with_header(name, _header(name, value))
    if expected.says is not None:
        kind = kind_of_payload(expected.contract.endpoint.payload)
        interaction.with_header("Content-Type", _media("application/json"))
        interaction.with_body(_like(msgspec.to_builtins(expected.says), kind), "application/json")
    elif expected.status >= 400:
        interaction.with_header("Content-Type", PROBLEM)
        problem = {"title": match.type(expected.title), "status": expected.status}
        interaction.with_body(problem, PROBLEM)


def _media(kind: str) -> Any:
    """A content type, with or without a charset."""
    return match.regex(kind, regex=rf"^{kind}(;.*)?$")


def _header(name: str, value: str) -> Any:
    """Any number of seconds will do. Pact takes a list with commas apart: each part is matched."""
    if name == "Retry-After":
        return match.regex(value, regex=r"^\d+$")
    return match.regex(value, regex=rf"^({value.partition(',')[0]}|max-age=\d+)$")


def _like(value: Any, kind: Kind) -> Any:
    """Return what is like the example, as its type allows: any text, but a date is a date."""
    items = item_kind(kind)
    if value is None or (items is not None and not value):
        return value
    if items is not None:
        return match.each_like(_like(value[0], items), min=1)
    if fields := children(kind):
        owed = [(field.encode_name, inner) for field, inner in fields if inner.owed]
        return {name: _like(value[name], inner) for name, inner in owed}
    return _scalar(value, kind)


def _scalar(value: Any, kind: Kind) -> Any:
    if isinstance(kind.type, inspect.DateType):
        return match.regex(value, regex=DAY)
    if isinstance(kind.type, inspect.IntType):
        return match.int(value)
    pattern = getattr(kind.type, "pattern", None)
    if pattern and kind.unit in ("isbn", "money", "currency"):
        return match.regex(value, regex=pattern.replace(r"\Z", "$"))
    return match.type(value)


def owed_part(value: Any) -> Any:
    """Return a reply's value as it is where nothing comes but what is owed."""
    kind = kind_of_payload(type(value))
    built = msgspec.to_builtins(value)
    owed = {field.encode_name for field, inner in children(kind) if inner.owed}
    return msgspec.convert({name: built[name] for name in owed}, type(value))


def contract_file(provider: str) -> str:
    """Return the text of a service's contract file: the same on each machine and each day."""
    with TemporaryDirectory() as folder:
        pact_of(provider, INTERACTIONS[provider]).write_file(Path(folder), overwrite=True)
        written = json.loads(path_of(provider, Path(folder)).read_text(encoding="utf-8"))
    # Which version of the library wrote it is no part of the contract.
    written["metadata"] = {"pactSpecification": written["metadata"]["pactSpecification"]}
    order = [each.name for each in INTERACTIONS[provider]]
    written["interactions"].sort(key=lambda each: order.index(each["description"]))
    return json.dumps(written, indent=2, sort_keys=True) + "\n"


def write_all(folder: Path) -> None:
    """Write every contract file; what is no contract any more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path_of(provider, folder): provider for provider in INTERACTIONS}
    for path in set(folder.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, provider in wanted.items():
        path.write_text(contract_file(provider), encoding="utf-8")
