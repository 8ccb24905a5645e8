"""A payload type taken apart into its fields: what documents, judges and contracts are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value must be: msgspec's description of it, without null and without our remarks.

    ``owed`` is False for a field that a service need not send yet.
    """

    type: inspect.Type
    nullable: bool
    unit: str
    part: str
    without: str
    owed: bool

    @property
    def words(self) -> str:
        """What it is, in one or two words for people."""
        return kind_words(self.type)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a reply, at its ``path``; ``forgiven`` where the page stands without it."""

    path: str
    name: str
    kind: Kind
    forgiven: bool


_WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.DateType: "date",
    inspect.DateTimeType: "date and time",
    inspect.VarTupleType: "list",
    inspect.ListType: "list",
    inspect.StructType: "object",
    inspect.DictType: "object",
}


def kind_words(described: inspect.Type) -> str:
    """Return what a type is, for people."""
    return _WORDS.get(type(described), "value")


def kind_of(described: inspect.Type) -> Kind:
    """Return the kind that msgspec's description comes to, with the remarks around it."""
    extra: dict[str, Any] = {}
    schema: dict[str, Any] = {}
    nullable = False
    while isinstance(described, inspect.Metadata | inspect.UnionType):
        if isinstance(described, inspect.Metadata):
            # What stands further outside says more of this very place.
            extra = {**(described.extra or {}), **extra}
            schema = {**(described.extra_json_schema or {}), **schema}
            described = described.type
            continue
        rest = [each for each in described.types if not isinstance(each, inspect.NoneType)]
        nullable = nullable or len(rest) < len(described.types)
        if len(rest) != 1:
            break
        described = rest[0]
    return Kind(
        described,
        nullable,
        extra.get("unit", ""),
        schema.get("description", ""),
        extra.get("without", ""),
        extra.get("owed", True),
    )


@cache
def kind_of_payload(payload: Any) -> Kind:
    """Return the kind of a whole reply."""
    return kind_of(inspect.type_info(payload))


def children(kind: Kind) -> tuple[tuple[inspect.Field, Kind], ...]:
    """Return the fields of an object with the kind of each; nothing for anything else."""
    if not isinstance(kind.type, inspect.StructType):
        return ()
    return _struct_fields(kind.type.cls)


@cache
def _struct_fields(struct: type) -> tuple[tuple[inspect.Field, Kind], ...]:
    described = inspect.type_info(struct)
    found = described.fields if isinstance(described, inspect.StructType) else ()
    return tuple((each, kind_of(each.type)) for each in found)


def item_kind(kind: Kind) -> Kind | None:
    """Return the kind of a list's items; None for what is no list."""
    if isinstance(kind.type, inspect.VarTupleType | inspect.ListType):
        return kind_of(kind.type.item_type)
    return None


def fields(payload: Any) -> tuple[Field, ...]:
    """Return every field of a payload type, an object's before those within it.

    Paths are written ``banners[].headline``.
    """
    return tuple(_fields(kind_of_payload(payload), ""))


def _fields(kind: Kind, path: str) -> Iterator[Field]:
    items = item_kind(kind)
    if items is not None:
        yield from _fields(items, f"{path}[]")
    for field, inner in children(kind):
        here = f"{path}.{field.encode_name}".lstrip(".")
        yield Field(here, field.encode_name, inner, not field.required)
        yield from _fields(inner, here)


def bounds(kind: Kind) -> str:
    """Return the bounds of a value in words; nothing where it has none."""
    said = []
    least, most = _limits(kind.type, "min_length", "max_length")
    unit = "items" if item_kind(kind) else "characters"
    if least and most:
        said.append(f"{least} to {most} {unit}")
    elif most is not None:
        said.append(f"at most {most} {unit}")
    lowest, highest = _limits(kind.type, "ge", "le")
    if lowest is not None and highest is not None:
        said.append(f"{lowest} to {highest}")
    pattern = getattr(kind.type, "pattern", None)
    if pattern:
        said.append(pattern_words(pattern))
    return ", ".join(said)


def pattern_words(pattern: str) -> str:
    """Return what a pattern asks for: in words where it is the one for plain text."""
    if "\\x00" in pattern:
        return "no control characters"
    return f"written like `{pattern.removesuffix(chr(92) + 'Z').removeprefix('^')}`"


def _limits(described: inspect.Type, low: str, high: str) -> tuple[Any, Any]:
    return getattr(described, low, None), getattr(described, high, None)


def schema(payload: Any) -> dict[str, Any]:
    """Return the JSON Schema of what is owed: fields that the page would forgive are required."""
    told = msgspec.json.schema(payload)
    described = told.get("$defs", {})
    for struct in _structs(kind_of_payload(payload)):
        mine = described[struct.__name__]
        owed = [field.encode_name for field, kind in _struct_fields(struct) if kind.owed]
        mine["required"] = owed
        for name in owed:
            mine["properties"][name].pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told}


def _structs(kind: Kind) -> Iterator[type]:
    if (items := item_kind(kind)) is not None:
        yield from _structs(items)
    if isinstance(kind.type, inspect.StructType):
        yield kind.type.cls
    for _, inner in children(kind):
        yield from _structs(inner)
