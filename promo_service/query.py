"""The query string, judged at the door: known names only, each at most once, each well formed."""

from collections import Counter
from datetime import date
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from promo_service.problems import Fault, invalid_parameters

ON_SENTENCE = "on must be a date of the calendar written as YYYY-MM-DD, such as 2026-11-20."
_MOST_PARAMETERS = 32
_LONGEST_NAME_SHOWN = 32


class PromotionsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What ``GET /v1/promotions`` may be asked; ``on`` is absent when today is meant."""

    on: date | msgspec.UnsetType = msgspec.UNSET


def promotions_query(query_string: bytes) -> PromotionsQuery:
    """Read the raw query string; raise :class:`ProblemError` (422) that names what is wrong."""
    values = _single_values(query_string, known=PromotionsQuery.__struct_fields__)
    try:
        return msgspec.convert(values, PromotionsQuery)
    except msgspec.ValidationError as exc:
        raise invalid_parameters((Fault("on", ON_SENTENCE),)) from exc


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
