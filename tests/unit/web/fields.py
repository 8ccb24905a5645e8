"""Strict readers for what our headers are written in: RFC 8941, and W3C Server Timing."""

import re
from dataclasses import dataclass, field

Value = bool | int | float | str

_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,3})?(?!\d)")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BOOLEAN = re.compile(r"\?([01])")
# Server Timing names its metrics by HTTP's own tokens, which may begin with a digit.
_METRIC = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")


@dataclass
class Item:
    """A member of a list: its value and its parameters."""

    value: Value
    parameters: dict[str, Value] = field(default_factory=dict)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def must(self, pattern: re.Pattern[str]) -> str:
        found = self.take(pattern)
        assert found, f"{pattern.pattern} is wanted at {self.at} of {self.text!r}"
        return found[0]

    def comes(self, literal: str) -> bool:
        there = self.text.startswith(literal, self.at)
        self.at += len(literal) if there else 0
        return there

    def spaces(self) -> None:
        while self.comes(" "):
            pass

    @property
    def over(self) -> bool:
        return self.at == len(self.text)


def boolean(text: str) -> bool:
    """Read a header that is one boolean (RFC 8941, 3.3.6)."""
    found = _BOOLEAN.fullmatch(text)
    assert found, text
    return found[1] == "1"


def listed(text: str) -> dict[str, Item]:
    """Read a list of tokens with parameters (RFC 8941, 3.1), in order; each token comes once."""
    return {str(item.value): item for item in _list(_Reader(text), _TOKEN)}


def timings(text: str) -> dict[str, Item]:
    """Read Server-Timing: the parameters of each metric, ``dur`` and ``desc``."""
    return {str(item.value): item for item in _list(_Reader(text), _METRIC)}


def _list(reader: _Reader, name: re.Pattern[str]) -> list[Item]:
    items = [_item(reader, name)]
    while not reader.over:
        reader.spaces()
        assert reader.comes(","), f"a comma is wanted at {reader.at} of {reader.text!r}"
        reader.spaces()
        items.append(_item(reader, name))
    assert len({item.value for item in items}) == len(items), f"one comes twice: {reader.text!r}"
    return items


def _item(reader: _Reader, name: re.Pattern[str]) -> Item:
    item = Item(reader.must(name))
    while reader.comes(";"):
        reader.spaces()
        key = reader.must(_KEY)
        item.parameters[key] = _bare(reader) if reader.comes("=") else True
    return item


def _bare(reader: _Reader) -> Value:
    if number := reader.take(_NUMBER):
        return float(number[0]) if "." in number[0] else int(number[0])
    if quoted := reader.take(_STRING):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if flag := reader.take(_BOOLEAN):
        return flag[1] == "1"
    return reader.must(_TOKEN)
