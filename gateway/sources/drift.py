"""Drift: what a service sends that no page declares, and what a page declares that it leaves out.

Neither breaks a page: unknown fields are passed over, optional ones have a value of their own. But
the first tells that a service has moved on, and the second that something a page could show is not
there (any more). Plain code: no clock, no I/O. Of a reply it keeps the names of fields alone, never
a value; and because names come from outside, few of them, short ones, and of a small alphabet.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import inspect

OTHER = "other"
"""Stands for each field whose name is not well formed, or that is one too many."""

MOST_FIELDS = 50
"""Fields of a source that go by their own names."""

MOST_ITEMS = 50
"""Of an array, so many items are looked at; of the whole reply, ``MOST_VALUES``."""

MOST_VALUES = 5_000
TELL_AGAIN_SECONDS = 24 * 3600.0
_WELL_FORMED = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")

Kind = Literal["unknown", "missing"]
_Object = inspect.StructType | inspect.DataclassType | inspect.TypedDictType
_Array = inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType
_Place = tuple[inspect.Type, Any, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """A field that is ``unknown`` to the page or ``missing`` in the reply.

    ``field`` is its path: ``banners[].starts_on`` is a field of each item of ``banners``.
    """

    field: str
    kind: Kind


def drift_of(declared: inspect.Type, body: bytes) -> tuple[Drift, ...]:
    """Return how a reply differs from what is declared of it, each difference once.

    ``declared`` is what ``msgspec.inspect.type_info`` says of a type, and ``body`` one that was
    read as that type already. What can be read only by passing over it (numbers of a million
    digits, nesting without end) lies in fields that nobody declared.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return (Drift(OTHER, "unknown"),)
    return drift_in(declared, value)


def drift_in(declared: inspect.Type, value: Any) -> tuple[Drift, ...]:
    """Return how ``value``, as JSON has it, differs from what is ``declared``. It never raises."""
    found: dict[Drift, None] = {}
    todo: list[_Place] = [(declared, value, "")]
    for _ in range(MOST_VALUES):
        if not todo:
            break
        place = todo.pop()
        for drift in _amiss(*place):
            found[drift if len(found) < MOST_FIELDS else Drift(OTHER, drift.kind)] = None
        todo.extend(_inside(*place))
    return tuple(found)


class Notebook:
    """What was found in a source's replies so far: who has a name of their own, and when last told.

    It never holds more than ``most`` fields and ``OTHER``.
    """

    def __init__(self, most: int = MOST_FIELDS) -> None:
        self._most = most
        self._told: dict[Drift, float] = {}

    def note(self, found: Iterable[Drift], now: float) -> Iterator[tuple[Drift, bool]]:
        """Give each difference under the name that it goes by, and whether to tell people of it.

        That is so once a day. ``now`` is in seconds, on a clock that never goes back.
        """
        for drift in dict.fromkeys(self._named(each) for each in found):
            last = self._told.get(drift)
            news = last is None or now - last >= TELL_AGAIN_SECONDS
            if news:
                self._told[drift] = now
            yield drift, news

    def _named(self, drift: Drift) -> Drift:
        known = drift in self._told or len(self._told) < self._most
        return drift if known else Drift(OTHER, drift.kind)


def _amiss(declared: inspect.Type, value: Any, path: str) -> Iterator[Drift]:
    """Give the fields of one object that are unknown or missing; nothing for any other value."""
    if not isinstance(declared, _Object) or not isinstance(value, dict):
        return
    fields = {field.encode_name: field for field in declared.fields}
    for name, field in fields.items():
        if name not in value and not field.required:
            yield Drift(_below(path, name), "missing")
    tag = getattr(declared, "tag_field", None)
    unknown = (name for name in value if name not in fields and name != tag)
    for name in islice(unknown, MOST_FIELDS + 1):
        formed = _WELL_FORMED.match(name)
        yield Drift(_below(path, name) if formed else OTHER, "unknown")


def _inside(declared: inspect.Type, value: Any, path: str) -> Iterator[_Place]:
    """Give what is declared of the values inside a value; nothing where the two do not fit."""
    match declared:
        case inspect.Metadata():  # what is said of a type for its documentation
            yield declared.type, value, path
        case inspect.UnionType():
            yield from ((each, value, path) for each in _meant(declared.types, value))
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType():
            yield from _of_object(declared, value, path)
        case inspect.DictType() if isinstance(value, dict):
            items = islice(value.values(), MOST_ITEMS)
            yield from ((declared.value_type, item, f"{path}{{}}") for item in items)
        case inspect.TupleType() if isinstance(value, list):
            pairs = zip(declared.item_types, value, strict=False)
            yield from ((kind, item, f"{path}[]") for kind, item in pairs)
        case _ if isinstance(declared, _Array) and isinstance(value, list):
            yield from ((declared.item_type, item, f"{path}[]") for item in value[:MOST_ITEMS])


def _of_object(declared: _Object, value: Any, path: str) -> Iterator[_Place]:
    if isinstance(value, dict):
        for field in declared.fields:
            name = field.encode_name
            if name in value:
                yield field.type, value[name], _below(path, name)


def _meant(types: Iterable[inspect.Type], value: Any) -> list[inspect.Type]:
    """Return the one of several types that ``value`` is meant to be; none if that is not clear."""
    fits = [each for each in types if _can_be(each, value)]
    return fits if len(fits) == 1 else []


def _can_be(declared: inspect.Type, value: Any) -> bool:
    while isinstance(declared, inspect.Metadata):
        declared = declared.type
    if isinstance(value, list):
        return isinstance(declared, _Array | inspect.TupleType)
    tag = getattr(declared, "tag_field", None)
    if tag is not None and isinstance(value, dict):
        return bool(value.get(tag) == getattr(declared, "tag", None))
    return isinstance(declared, _Object | inspect.DictType) and isinstance(value, dict)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
