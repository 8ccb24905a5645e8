"""The query string, judged at the door: known names only, each at most once, each well formed."""

import re
from collections import Counter
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from recco_service.payloads import MOST_ITEMS, MemberId
from recco_service.problems import Fault, invalid_parameters

DEFAULT_LIMIT = 6
SENTENCES = {
    "member_id": "member_id must be 1 to 64 characters of A-Z a-z 0-9 _ and -.",
    "limit": f"limit must be a whole number from 1 to {MOST_ITEMS}.",
}
_WHOLE_NUMBER = re.compile("[0-9]{1,9}")
_MEMBER_ID = re.compile("[A-Za-z0-9_-]{1,64}")
_MOST_PARAMETERS = 32
_LONGEST_NAME_SHOWN = 32


class RecommendationsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What ``GET /v1/recommendations`` may be asked; a stranger has no ``member_id``."""

    member_id: MemberId | msgspec.UnsetType = msgspec.UNSET
    limit: Annotated[int, Meta(ge=1, le=MOST_ITEMS)] = DEFAULT_LIMIT


def recommendations_query(query_string: bytes) -> RecommendationsQuery:
    """Read the raw query string; raise :class:`ProblemError` (422) that names what is wrong."""
    values = _single_values(query_string, known=RecommendationsQuery.__struct_fields__)
    faults = tuple(
        Fault(name, SENTENCES[name]) for name, value in values.items() if not _fits(name, value)
    )
    if faults:
        raise invalid_parameters(faults)
    return msgspec.convert(_typed(values), RecommendationsQuery)


def _fits(name: str, value: str) -> bool:
    """Whether one value alone makes a valid query."""
    if name == "member_id" and not _MEMBER_ID.fullmatch(value):
        return False  # The type's pattern ends in ``$``, which lets a last line feed through.
    try:
        msgspec.convert(_typed({name: value}), RecommendationsQuery)
    except msgspec.ValidationError:
        return False
    return True


def _typed(values: dict[str, str]) -> dict[str, str | int]:
    """``limit`` as a number where it is one; msgspec's own reading would also take `` 6``."""
    return {
        name: int(value) if name == "limit" and _WHOLE_NUMBER.fullmatch(value) else value
        for name, value in values.items()
    }


def _single_values(query_string: bytes, known: tuple[str, ...]) -> dict[str, str]:
    """Names and values of a query in which every name is known and stands once."""
    try:
        pairs = parse_qsl(
            query_string.decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as exc:
        sentence = f"There are too many parameters; at most {_MOST_PARAMETERS} are read."
        raise invalid_parameters((Fault("", sentence),)) from exc
    counts = Counter(name for name, _ in pairs)
    faults = tuple(
        fault for name, count in counts.items() if (fault := _name_fault(name, count, known))
    )
    if faults:
        raise invalid_parameters(faults)
    return dict(pairs)


def _name_fault(name: str, count: int, known: tuple[str, ...]) -> Fault | None:
    """What is wrong with a parameter's name or with how often it stands there, if anything."""
    if name not in known:
        shown = _shown(name)
        return Fault(shown, f"{shown!r} is not a parameter here; allowed: {', '.join(known)}.")
    if count > 1:
        return Fault(name, f"{name} must be given once; it was given {count} times.")
    return None


def _shown(name: str) -> str:
    """A stranger's name in a form that is safe to show: short, printable ASCII."""
    printable = "".join(c if c.isascii() and c.isprintable() else "?" for c in name)
    if len(printable) > _LONGEST_NAME_SHOWN:
        return printable[:_LONGEST_NAME_SHOWN] + "..."
    return printable
