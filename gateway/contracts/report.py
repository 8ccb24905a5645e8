"""The report of a trial: for a person who owns the service, and has never seen this repository.

Plain ASCII, whatever the service sent; colours only where they are asked for.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import wrap

from gateway.contracts.asking import Exchange
from gateway.contracts.findings import Finding
from gateway.contracts.trial import Result, Trial

EXCERPT = 240
WIDTH = 98
_GREEN, _RED, _YELLOW, _BOLD, _PLAIN = "\033[32m", "\033[31m", "\033[33m", "\033[1m", "\033[0m"
_COLOURS = {"pass": _GREEN, "BROKEN": _RED, "not tried": _YELLOW}


def verdict(result: Result) -> str:
    """Return in one word what came of a question."""
    if result.untried:
        return "not tried"
    return "BROKEN" if result.broken else "pass"


def report(trials: Iterable[Trial], *, colours: bool = False) -> str:
    """Return the report of all services, the summary last."""
    tried = list(trials)
    lines: list[str] = []
    for trial in tried:
        lines += [_coloured(_heading(trial), _BOLD, colours), ""]
        for result in trial.results:
            lines += [*_told(result, colours), ""]
    return "\n".join([*lines, *_summary(tried, colours)]) + "\n"


def _heading(trial: Trial) -> str:
    return f"The {trial.contract.title} at {ascii_only(trial.url)}"


def _told(result: Result, colours: bool) -> Iterator[str]:
    word = verdict(result)
    yield f"  {_coloured(word.ljust(9), _COLOURS[word], colours)}  {ascii_only(result.name)}"
    if result.untried:
        yield from _line("because", result.untried)
    if result.address:
        yield from _line("question" if result.untried else "asked", result.address)
    if result.came and result.came.request.headers:
        sent = ", ".join(f"{name}: {value}" for name, value in result.came.request.headers.items())
        yield from _line("with", sent)
    yield from _line("expected", result.expected)
    if result.came:
        yield from _line("came", came_words(result.came))
    for finding, more in gathered(result.findings):
        yield from _line("remark" if finding.remark else "WRONG", _said(finding) + _more(more))
    yield from _line("needed by", result.part)


def gathered(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """Return the first finding of each field, and how many more there are in other rows."""
    kinds: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        kind = (re.sub(r"\[[0-9]+\]", "[]", finding.where), finding.remark)
        kinds.setdefault(kind, []).append(finding)
    return [(rows[0], len(rows) - 1) for rows in kinds.values()]


def _more(count: int) -> str:
    return f" (and {count} more of this field)" if count else ""


def _said(finding: Finding) -> str:
    part = finding.part.rstrip(".")
    return f"{finding}. Needed for: {part}" if part else str(finding)


def came_words(came: Exchange) -> str:
    """Return what came, in one line: status, format, size, time, and the beginning of the body."""
    if came.failure:
        return f"{came.failure} (after {came.seconds:.2f} s)"
    kind = came.headers.get("Content-Type", "no content type")
    said = f"{came.status} {kind}; {len(came.body)} bytes in {came.seconds:.3f} s"
    body = came.body[:EXCERPT].decode("utf-8", "replace")
    more = "..." if len(came.body) > EXCERPT else ""
    return f"{said}; {body}{more}" if body else said


def _line(label: str, text: str) -> Iterator[str]:
    indent = " " * 13
    # What came has few places to break a line at: it is cut anywhere.
    lines = wrap(ascii_only(text), WIDTH - 23, break_on_hyphens=False) or [""]
    yield f"{indent}{label.ljust(9)} {lines[0]}"
    for line in lines[1:]:
        yield f"{indent}{' ' * 9} {line}"


def ascii_only(text: str) -> str:
    """Return ``text`` without anything that a terminal or a log could take for more than text."""
    return "".join(
        char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text
    )


def _summary(trials: list[Trial], colours: bool) -> Iterator[str]:
    for trial in trials:
        counted = Counter(verdict(result) for result in trial.results)
        said = f"{trial.contract.name}: {conclusion(trial)}"
        colour = _GREEN if trial.reachable and not trial.broken else _RED
        yield _coloured(said, colour, colours)
        kept, wrong, untried = (counted[word] for word in _COLOURS)
        yield f"  {kept} kept, {wrong} broken, {untried} not tried"
        for where in _wrong_places(trial):
            yield f"  - {ascii_only(where)}"
        if trial.broken:
            yield from wrap(
                f"What visitors see of it: {trial.contract.without}",
                WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
            )


def _wrong_places(trial: Trial) -> list[str]:
    """What is wrong, each field once, wherever it was met; at most twelve."""
    said = dict.fromkeys(
        str(finding)
        for result in trial.results
        for finding, _ in gathered(each for each in result.findings if not each.remark)
    )
    places = list(said)
    return [*places[:12], *([f"and {len(places) - 12} more"] if len(places) > 12 else [])]


def conclusion(trial: Trial) -> str:
    """Return in one sentence how a trial ended."""
    if not trial.reachable:
        reason = next((result.came.failure for result in trial.results if result.came), "")
        return f"NOT REACHABLE at {ascii_only(trial.url)}: {reason}."
    if trial.broken:
        return "BROKEN. The page cannot rely on it as it is."
    return "keeps its contract."


def _coloured(text: str, colour: str, colours: bool) -> str:
    return f"{colour}{text}{_PLAIN}" if colours else text
