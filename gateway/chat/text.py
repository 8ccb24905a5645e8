"""What may be said: any script, no tricks."""

import re
import unicodedata

MOST_BREAKS = re.compile(r"\n{3,}")
SPACES_AT_ENDS = re.compile(r"[^\S\n]+\n")
BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Overrides and isolates of direction: they would turn round what stands beside the message."""

MARKS = "\ufeff\ufff9\ufffa\ufffb"
"""What belongs into files and not into text."""

TRICKS = frozenset(TURNS + MARKS)

BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs, as Unicode counts them, that nobody can see."""


def cleaned(text: str) -> str:
    """Return ``text`` as it is kept: one kind of line break, no control characters, no tricks.

    What can be seen stays as it is, in any script; joiners and marks of direction are part of that.
    """
    text = BREAKS.sub("\n", text).replace("\t", " ")
    kept = "".join(sign for sign in text if sign == "\n" or not _is_a_trick(sign))
    kept = SPACES_AT_ENDS.sub("\n", kept)
    return MOST_BREAKS.sub("\n\n", kept).strip()


def one_line(text: str) -> str:
    """Return ``text`` cleaned and on one line: a name."""
    return " ".join(cleaned(text).split())


def can_be_seen(text: str) -> bool:
    """Whether there is anything to see: letters, digits, signs, pictures."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK for sign in text)


def _is_a_trick(sign: str) -> bool:
    return sign in TRICKS or unicodedata.category(sign) in ("Cc", "Cs")
