"""A contract file's interaction as a question: how it is asked, and what must come back."""

from urllib.parse import urlencode

import httpx
from msgspec.inspect import Field

from gateway.contracts.anatomy import Kind, children, kind_of_payload
from gateway.contracts.asking import Request
from gateway.contracts.pactfiles import Ask, Interaction
from gateway.contracts.services import Contract


def request_for(url: str, ask: Ask) -> Request:
    """Return the request of a contract file for the service at ``url``."""
    query = urlencode(ask.query, doseq=True)
    return Request(ask.method, url.rstrip("/") + ask.path + (f"?{query}" if query else ""))


def out_of_reach(interaction: Interaction) -> str:
    """Why nobody outside can bring the service to say this; nothing where it can be asked."""
    if interaction.response.status in _ASKABLE:
        return ""
    states = " and ".join(state.name for state in interaction.states)
    return (
        f"nobody outside can bring it about that {states}" if states else "it cannot be asked for"
    )


def expected(contract: Contract, interaction: Interaction) -> str:
    """Return in words what a service must answer."""
    answer = interaction.response
    kind = ", ".join(answer.headers.get("Content-Type", []))
    said = " ".join(filter(None, (str(answer.status), kind)))
    if answer.status == httpx.codes.NOT_MODIFIED:
        return f"{said}, or 200 and the whole reply"
    if answer.status != httpx.codes.OK:
        return f"{said} (RFC 9457: title and status)"
    names = ", ".join(field.encode_name for field, kind in _fields(contract) if kind.owed)
    kept = "private" if contract.personal else "public"
    said += f" with {names}; Cache-Control {kept} with max-age"
    states = " and ".join(state.name for state in interaction.states)
    return f'{said}. "{states}" cannot be arranged: any valid reply will do' if states else said


def _fields(contract: Contract) -> tuple[tuple[Field, Kind], ...]:
    return children(kind_of_payload(contract.endpoint.payload))


def part(contract: Contract, interaction: Interaction) -> str:
    """Return who needs this answer: errors and confirmations are not shown on any page."""
    return _OFF_THE_PAGE.get(interaction.response.status, contract.part)


_ASKABLE = (200, 304, 404, 422)
_OFF_THE_PAGE = {
    304: "no part of the page: it spares sending again what is held already",
    404: "no part of the page: a misspelt address must not pass for an answer",
    422: "no part of the page: a misspelt question must not pass for an answer",
    429: "no part of the page: the service is left alone for as long as it asks",
    503: "no part of the page: the service is left alone for as long as it asks",
}
