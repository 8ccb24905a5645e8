"""What visitors write on a certificate, and how its values read. Plain rules, no I/O."""

import re
import unicodedata
from datetime import datetime
from urllib.parse import quote

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

# Marks that turn the direction of what stands around them, and marks of byte order: whoever reads
# the card must see what was written. Joiners stay: Persian, Indic scripts and emoji need them.
_DROPPED = re.compile("[\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_BLANKS = re.compile("[\u115f\u1160\u200b-\u200d\u2800\u3164\uffa0\ufe00-\ufe0f]")
_UNREADABLE = "\ufffd"
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]+')
MOST_IN_FILE_NAME = 60


def tidy(text: str, *, lines: bool = False) -> str:
    """Return ``text`` composed (NFC), its blanks single, without marks that nobody sees.

    With ``lines``, line breaks stay; otherwise they become blanks too.
    """
    composed = _DROPPED.sub("", unicodedata.normalize("NFC", text))
    if not lines:
        return " ".join(composed.split())
    rows = (" ".join(row.split()) for row in composed.splitlines())
    return re.sub(r"\n{2,}", "\n", "\n".join(rows)).strip("\n")


def unwritable(text: str) -> str | None:
    """Return the first character that cannot be written on paper, if there is one.

    Controls, halves of characters, private ones, and the sign that stands for unreadable bytes.
    """
    for character in text:
        kind = unicodedata.category(character)
        if character != "\n" and (kind in ("Cc", "Cs", "Co") or character == _UNREADABLE):
            return character
    return None


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in ``text``."""
    seen = _BLANKS.sub("", text)
    return not any(unicodedata.category(each)[0] in "LNPS" for each in seen)


def side(text: str) -> str:
    """Return ``rtl`` or ``ltr``: where a reader begins, by the first letter that has a direction.

    Unicode Bidirectional Algorithm, rules P2 and P3.
    """
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return "ltr"


def euros(cents: int) -> str:
    """Return ``€1,000.00``."""
    return f"€{cents // 100:,}.{cents % 100:02}"


def day(when: datetime) -> str:
    """Return ``20 November 2026``."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def disposition(number: str, name: str) -> str:
    """Return a Content-Disposition that saves under the person's name, in ASCII where it must be.

    RFC 6266: old programs take ``filename``, all others ``filename*``, which RFC 5987 encodes.
    """
    kept = " ".join(_NOT_IN_FILE_NAMES.sub(" ", name).split())
    plain = kept[:MOST_IN_FILE_NAME].strip(" .")
    full = f"Gift certificate for {plain}.pdf" if plain else f"Gift certificate {number}.pdf"
    short = f"gift-certificate-{number.lower()}.pdf"
    return f"attachment; filename=\"{short}\"; filename*=UTF-8''{quote(full, safe='')}"
