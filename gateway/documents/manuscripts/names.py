"""What a visitor calls a file: text to be shown, never a path."""

import re
import unicodedata

UNTITLED = "Untitled"
MOST_CHARACTERS = 150
MOST_LOOKED_AT = 20_000
_JOINERS = "\u200c\u200d"
"""Without them some scripts cannot be spelled, and some emoji fall apart."""


def cleaned(said: str) -> str:
    """Return a name fit to be shown: one line, no path, nothing that hides or turns around.

    Control characters, marks of direction and what has no meaning are left out. A name that is too
    long loses its middle and keeps its extension.
    """
    text = unicodedata.normalize("NFC", said[:MOST_LOOKED_AT])
    text = re.split(r"[/\\]", text.strip().rstrip("/\\"))[-1]
    kept = (" " if character.isspace() else character for character in text if _is_shown(character))
    name = re.sub(" +", " ", "".join(kept)).strip(" .")
    return _shortened(name) or UNTITLED


def extension_of(name: str) -> str:
    """Return what follows the last dot, in lower case; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def with_extension(name: str, extension: str) -> str:
    """Return ``name`` with ``extension`` where it has none."""
    return name if extension_of(name) else f"{name}.{extension}"


def _is_shown(character: str) -> bool:
    if character.isspace() or character in _JOINERS:
        return True
    return not unicodedata.category(character).startswith("C")


def _shortened(name: str) -> str:
    if len(name) <= MOST_CHARACTERS:
        return name
    extension = extension_of(name)
    ending = f".{extension}" if 0 < len(extension) <= 8 else ""
    return name[: MOST_CHARACTERS - len(ending) - 1].rstrip(" .") + "…" + ending
