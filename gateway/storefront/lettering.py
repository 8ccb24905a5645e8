"""Setting a title into lines without measuring a font: SVG text does not wrap by itself.

Widths are estimates in ems of a bold serif, on the generous side, so that whatever font a visitor
has, a line stays on its cover.
"""

import unicodedata

_NARROW = frozenset("iljtfrI.,:;'’!|()[]- ")
_WIDE = frozenset("mwMW@—…%&")
ELLIPSIS = "…"


def plain(text: str) -> str:
    """Return ``text`` on one line, without characters that print nothing or turn the direction."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def width(text: str) -> float:
    """Return how wide ``text`` is at most, in ems."""
    return sum(map(_em, text))


def fits(text: str, ems: float, most: int) -> bool:
    """Return whether ``text`` goes into ``most`` lines of ``ems`` without breaking a word."""
    whole = all(width(word) <= ems for word in text.split())
    return whole and len(_broken(text, ems)) <= most


def wrap(text: str, ems: float, most: int) -> tuple[str, ...]:
    """Return ``text`` in at most ``most`` lines of ``ems``; what does not fit ends in an ellipsis.

    Words are kept whole where they fit on a line of their own; longer ones, and scripts without
    spaces, are broken anywhere.
    """
    lines = _broken(text, ems)
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while last and width(last + ELLIPSIS) > ems:
        last = last[:-1]
    return (*lines[: most - 1], last.rstrip(" ,;:.-") + ELLIPSIS)


def _broken(text: str, ems: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= ems:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, ems)
        lines += full
    return [*lines, line] if line else lines


def _pieces(word: str, ems: float) -> list[str]:
    """Return a word in pieces that fit on a line each; mostly it is one."""
    pieces, piece = [], ""
    for character in word:
        if piece and width(piece + character) > ems:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _em(character: str) -> float:
    if character.isascii():
        return _ascii_em(character)
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.75 if character.isupper() else 0.62


def _ascii_em(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.92
    return 0.72 if character.isupper() else 0.53
