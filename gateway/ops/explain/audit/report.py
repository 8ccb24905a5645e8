"""The findings for a person at a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from gateway.ops.explain.audit.rule import Finding, Severity
from gateway.ops.explain.audit.rules import RULES

WIDTH = 100
_INDENT = 15
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


def told(found: Sequence[Finding], *, colour: bool) -> str:
    """Return the findings as text, and a last line that counts them."""
    return "\n".join((*_lines(found, colour), _count(found)))


def _lines(found: Sequence[Finding], colour: bool) -> Iterator[str]:
    for _, same in groupby(found, key=lambda each: each.rule):
        first, *others = same
        head = f"{first.severity.value:<7}"
        shown = f"\033[{_COLOURS[first.severity]}m{head}\033[0m" if colour else head
        begun, *more = _wrapped(first.what)
        yield f"{shown}  {first.rule}  {begun.lstrip()}"
        yield from more
        for each in others:
            yield from _wrapped(each.what)
        yield from _wrapped(f"why: {first.why}")
        yield from _wrapped(f"do:  {first.remedy}")
        yield ""


def _count(found: Sequence[Finding]) -> str:
    if not found:
        return f"{len(RULES)} rules, and nothing found."
    counts = ", ".join(
        _plural(sum(each.severity is severity for each in found), severity.value)
        for severity in Severity
    )
    return f"{len(RULES)} rules: {counts}."


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _wrapped(text: str) -> list[str]:
    space = " " * _INDENT
    return textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent=space,
        subsequent_indent=space + (" " * 5 if text.startswith(("why:", "do:")) else ""),
        break_long_words=False,
        break_on_hyphens=False,
    )
