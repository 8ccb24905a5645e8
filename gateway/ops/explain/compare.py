"""Comparing two plans, for those who review a change: one line for each thing that differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.ops.explain.model import FORMAT, Explained

PASSED_OVER = ("name", "origin", "measured", "why")
"""Where a value comes from, and what was measured, differ from place to place; a name is in the
path already, and how a bound comes about follows from the rest."""

_FRAMES = ("steps", "fragments")
"""Not worth a word in the path: names stand below them."""


class Unreadable(ValueError):
    """What was given is no saved plan, or one of another release."""


def saved(text: bytes) -> Explained:
    """Return the plan that ``plan --json`` wrote. Raises ``Unreadable``, in one sentence."""
    try:
        found = msgspec.json.decode(text, type=Explained)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable(f"it is no saved plan: {exc}") from exc
    if found.format != FORMAT:
        raise Unreadable(f"it was saved in format {found.format}, and this is format {FORMAT}")
    return found


def differences(before: Explained, after: Explained) -> list[str]:
    """Return what differs, in the order of the pages; an empty list where nothing does."""
    old, new = _flat(before), _flat(after)
    return [
        _said(path, old.get(path), new.get(path))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]


def _said(path: str, old: Any, new: Any) -> str:
    if old is None:
        return f"+ {path}: {new}"
    return f"- {path}: {old}" if new is None else f"~ {path}: {old} -> {new}"


def _flat(explained: Explained) -> dict[str, Any]:
    return dict(_leaves(msgspec.to_builtins(explained.pages), ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give what stands at the end of each path. What has a name is found by it, not by number."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name not in PASSED_OVER:
                yield from _leaves(each, path if name in _FRAMES else f"{path} / {name}")
    elif isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        for each in value:
            yield from _leaves(each, f"{path} / {each['name']}" if path else each["name"])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield path, ", ".join(str(each) for each in value)
    elif value is not None:
        yield path, value
