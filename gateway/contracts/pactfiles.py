"""Reading the contract files: what consumer tests wrote down is what a service is asked.

They are Pact files (specification 4). Only what this trial needs is read of them; how a reply is
judged stands in the payload types, which they were made from.
"""

from pathlib import Path

import msgspec
from django.conf import settings

CONSUMER = "gateway"
FOLDER = Path(settings.BASE_DIR) / "tests" / "contract" / "pacts"


class ContractFileError(Exception):
    """A contract file is not there or cannot be read; the text is one sentence for people."""


class State(msgspec.Struct, frozen=True):
    """What must be so at the service before it is asked."""

    name: str


class Ask(msgspec.Struct, frozen=True):
    """A request as a contract file has it: each name of the query with all of its values."""

    method: str
    path: str
    query: dict[str, list[str]] = {}
    headers: dict[str, list[str]] = {}

    @property
    def args(self) -> dict[str, str]:
        """The query, each name with its first value."""
        return {name: values[0] for name, values in self.query.items()}


class Answer(msgspec.Struct, frozen=True):
    """The reply that the contract foresees."""

    status: int
    headers: dict[str, list[str]] = {}


class Interaction(msgspec.Struct, frozen=True, rename={"states": "providerStates"}):
    """One question and its answer."""

    description: str
    request: Ask
    response: Answer
    states: list[State] = []


class _File(msgspec.Struct, frozen=True):
    provider: State
    interactions: list[Interaction]


def path_of(provider: str, folder: Path | None = None) -> Path:
    """Return where the contract file of a service lies: in ``FOLDER`` unless told otherwise."""
    return (folder or FOLDER) / f"{CONSUMER}-{provider}.json"


def interactions(provider: str, folder: Path | None = None) -> tuple[Interaction, ...]:
    """Return what a service's contract file holds. Raises ``ContractFileError``."""
    path = path_of(provider, folder)
    try:
        read = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise ContractFileError(f"The contract file {path} is not there.") from error
    except (OSError, msgspec.DecodeError) as error:
        raise ContractFileError(f"The contract file {path} cannot be read: {error}.") from error
    if read.provider.name != provider or not read.interactions:
        raise ContractFileError(f"The contract file {path} holds no contract of {provider}.")
    return tuple(read.interactions)
