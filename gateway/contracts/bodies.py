"""A reply's value held against its payload type: every fault at once, each with its field.

The gateway's own door stops at the first fault; whoever has to mend a service wants all of them,
and in words. The door has the last one all the same: see ``replies.py``.
"""

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from gateway.contracts import units
from gateway.contracts.anatomy import Kind, bounds, children, item_kind, kind_of_payload
from gateway.contracts.findings import Finding

MOST_FINDINGS = 25
"""Of what is wrong, and of what is remarked upon, each: remarks must not crowd out a fault."""


def faults(value: Any, payload: Any) -> tuple[Finding, ...]:
    """Return what is wrong with ``value``, a reply's JSON, and what is remarkable."""
    kept: dict[bool, list[Finding]] = {False: [], True: []}
    for finding in _judge(value, kind_of_payload(payload), ""):
        if len(kept[finding.remark]) < MOST_FINDINGS:
            kept[finding.remark].append(finding)
        elif not finding.remark:
            break
    return (*kept[False], *kept[True])


def _judge(value: Any, kind: Kind, path: str) -> Iterator[Finding]:
    where = path or "the whole reply"
    if value is None:
        if not kind.nullable:
            yield Finding(where, f"is null, and must be {_a(kind)}", kind.part)
        return
    if not _is(value, kind.type):
        yield Finding(where, f"must be {_a(kind)}, and is {told(value)}", kind.part)
        return
    complaint = _out_of_bounds(value, kind)
    if complaint:
        yield Finding(where, complaint, kind.part)
        return
    yield from _judge_unit(value, kind, where)
    yield from _judge_items(value, kind, path)
    yield from _judge_fields(value, kind, path)


def _judge_items(value: Any, kind: Kind, path: str) -> Iterator[Finding]:
    items = item_kind(kind)
    if items is not None:
        for index, each in enumerate(value):
            yield from _judge(each, items, f"{path}[{index}]")


def _judge_fields(value: Any, kind: Kind, path: str) -> Iterator[Finding]:
    known = children(kind)
    names = {field.encode_name for field, _ in known}
    for field, inner in known:
        here = f"{path}.{field.encode_name}".lstrip(".")
        if field.encode_name in value:
            yield from _judge(value[field.encode_name], inner, here)
        elif inner.owed:
            yield Finding(here, _missing(field.encode_name, set(value) - names), inner.part)


def _missing(name: str, unknown: set[str]) -> str:
    # Comparing takes the square of the length, and names come from outside.
    fit = sorted(each for each in unknown if len(each) <= 64)[:100]
    near = get_close_matches(name, fit, n=1, cutoff=0.5)
    if not near:
        return "is missing"
    return (
        f"is missing; there is {shortened(near[0])}, which the page does not know: was it renamed?"
    )


def _judge_unit(value: Any, kind: Kind, where: str) -> Iterator[Finding]:
    for checks, remark in ((units.BROKEN, False), (units.REMARKED, True)):
        check = checks.get(kind.unit)
        complaint = check(value) if check else None
        if complaint:
            yield Finding(where, complaint, kind.part, remark)
            return
    yield from _judge_price(value, where)


def _judge_price(value: Any, where: str) -> Iterator[Finding]:
    """Hold an amount against its currency: what is an amount says its name."""
    if not isinstance(value, dict) or not {"amount", "currency"} <= value.keys():
        return
    amount, currency = value["amount"], value["currency"]
    if isinstance(amount, str) and isinstance(currency, str):
        complaint = units.looks_like_cents(amount, currency)
        if complaint:
            yield Finding(f"{where}.amount", complaint, "The number in a book's price.")


_JSON: dict[type[inspect.Type], type | tuple[type, ...]] = {
    inspect.StrType: str,
    inspect.FloatType: (int, float),
    inspect.IntType: int,
    inspect.BoolType: bool,
    inspect.VarTupleType: list,
    inspect.ListType: list,
    inspect.StructType: dict,
    inspect.DictType: dict,
    inspect.DateType: str,
}


def _is(value: Any, described: inspect.Type) -> bool:
    if isinstance(value, bool) and not isinstance(described, inspect.BoolType):
        return False
    wanted = _JSON.get(type(described))
    if wanted is None:
        return True
    if isinstance(described, inspect.DateType):
        return isinstance(value, str) and _is_day(value)
    return isinstance(value, wanted)


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _out_of_bounds(value: Any, kind: Kind) -> str:
    least, most = _limit(kind, "min_length"), _limit(kind, "max_length")
    if least is not None and len(value) < least:
        return f"must be {_a(kind)} of {bounds(kind)}, and is empty"
    if most is not None and len(value) > most:
        return f"must be {_a(kind)} of {bounds(kind)}, and has {len(value)}"
    lowest, highest = _limit(kind, "ge"), _limit(kind, "le")
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        return f"must be {_a(kind)} from {lowest} to {highest}, and is {told(value)}"
    pattern = _limit(kind, "pattern")
    if pattern and not re.search(pattern, value):
        return f"must be {_a(kind)}, {bounds(kind)}, and is {told(value)}"
    return ""


def _limit(kind: Kind, name: str) -> Any:
    return getattr(kind.type, name, None)


def _a(kind: Kind) -> str:
    words = f"{'an' if kind.words[0] in 'aeiou' else 'a'} {kind.words}"
    if isinstance(kind.type, inspect.DateType):
        words += " written YYYY-MM-DD"
    if kind.unit:
        words += f" ({units.WORDS[kind.unit]})"
    return words + (" or null" if kind.nullable else "")


def told(value: Any) -> str:
    """Return a value from outside for people: what kind of thing it is, and a little of it."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the JSON value {str(value).lower()}"
        case str():
            return f"the text {shortened(value)}"
        case int() | float():
            return f"the number {shortened(value)}"
        case []:
            return "an empty list"
        case {} if not value:
            return "an empty object"
        case list():
            return f"a list of {len(value)}"
        case _:
            return f"an object with {', '.join(shortened(name) for name in list(value)[:8])}"


def shortened(value: Any, most: int = 60) -> str:
    """Return what came from outside as short, printable ASCII."""
    text = ascii(value[:most] if isinstance(value, str) else value)
    return text if len(text) <= most + 2 else f"{text[:most]}..."
