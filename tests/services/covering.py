"""Does what one JSON Schema allows always fit into another? As far as msgspec writes schemas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_AT_MOST = {"maxLength": "characters", "maximum": "as a number", "maxItems": "items"}
_AT_LEAST = {"minLength": "characters", "minimum": "as a number", "minItems": "items"}


@dataclass(frozen=True)
class Gap:
    """Where something is offered that does not fit what is needed, and why not."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


@dataclass(frozen=True)
class Patterned:
    """A text for which two patterns are given; whether one fits the other is seen by trying."""

    field: str
    needed: str
    offered: str


@dataclass(frozen=True)
class Covering:
    """Compares what is ``needed`` with what is ``offered``, each with the document that it is in.

    Unknown properties of what is offered do not matter: they are passed over.
    """

    needed_in: Schema
    offered_in: Schema

    def gaps(self, needed: Schema, offered: Schema, field: str = "") -> Iterator[Gap | Patterned]:
        """Give what does not fit, by field, and the patterns that are left to be tried."""
        wanted = list(_alternatives(self.needed_in, needed))
        for each in _alternatives(self.offered_in, offered):
            fits = [one for one in wanted if _type_fits(one, each)]
            if not fits:
                types = " or ".join(str(one.get("type", "anything")) for one in wanted)
                yield Gap(field, f"may be {each.get('type')}; the page needs {types}")
            else:
                yield from self._inside(fits[0], each, field)

    def _inside(self, needed: Schema, offered: Schema, field: str) -> Iterator[Gap | Patterned]:
        yield from _bounds(needed, offered, field)
        if "items" in needed:
            yield from self.gaps(needed["items"], offered.get("items", {}), f"{field}[]")
        given = offered.get("properties", {})
        for name, schema in needed.get("properties", {}).items():
            below = f"{field}.{name}" if field else name
            if name in needed.get("required", ()) and name not in offered.get("required", ()):
                yield Gap(below, "is not promised; the page needs it")
            if name in given:
                yield from self.gaps(schema, given[name], below)


def unsent(covering: Covering, needed: Schema, offered: Schema) -> set[str]:
    """Return the optional fields at the top that the page could show and that are not offered."""
    [one], [other] = (
        list(_alternatives(covering.needed_in, needed)),
        list(_alternatives(covering.offered_in, offered)),
    )
    return set(one["properties"]) - set(other["properties"])


def _alternatives(root: Schema, schema: Schema) -> Iterator[Schema]:
    """Give what a schema may mean: references followed, ``anyOf`` and ``enum`` taken apart."""
    if "$ref" in schema:
        target = root
        for key in schema["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        yield from _alternatives(root, target)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(root, each)
    elif "enum" in schema:
        yield from ({"type": "string", "const": value} for value in schema["enum"])
    else:
        yield schema


def _type_fits(needed: Schema, offered: Schema) -> bool:
    if "type" not in needed or needed["type"] == offered.get("type"):
        return True
    return needed["type"] == "number" and offered.get("type") == "integer"


def _bounds(needed: Schema, offered: Schema, field: str) -> Iterator[Gap | Patterned]:
    if "const" in offered:
        yield from _constant(needed, offered["const"], field)
        return
    for bound, unit in _AT_MOST.items():
        if bound in needed and offered.get(bound, float("inf")) > needed[bound]:
            yield Gap(field, f"may be more than {needed[bound]} {unit}")
    for bound, unit in _AT_LEAST.items():
        if bound in needed and _least(offered, bound) < needed[bound]:
            yield Gap(field, f"may be less than {needed[bound]} {unit}")
    yield from _form(needed, offered, field)


def _form(needed: Schema, offered: Schema, field: str) -> Iterator[Gap | Patterned]:
    if "format" in needed and offered.get("format") != needed["format"]:
        yield Gap(field, f"may be no {needed['format']}")
    if "pattern" in needed and "pattern" not in offered:
        yield Gap(field, f"may be any text; the page needs {needed['pattern']}")
    elif "pattern" in needed:
        yield Patterned(field, needed["pattern"], offered["pattern"])


def _least(offered: Schema, bound: str) -> float:
    """Return the lower bound; a pattern that no empty text fits is one too."""
    pattern = offered.get("pattern")
    if bound == "minLength" and pattern is not None and not re.search(pattern, ""):
        return max(1, offered.get(bound, 0))
    return float(offered.get(bound, float("-inf")))


def _constant(needed: Schema, value: str, field: str) -> Iterator[Gap]:
    long = len(value) > needed.get("maxLength", len(value))
    short = len(value) < needed.get("minLength", 0)
    other = "const" in needed and needed["const"] != value
    if long or short or other or not re.search(needed.get("pattern", ""), value):
        yield Gap(field, f"may be {value!r}, which the page does not take")
