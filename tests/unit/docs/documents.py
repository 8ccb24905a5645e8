"""The documents that a stranger follows, and what is found in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import REPOSITORY

FILES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
GUIDES = [file for file in FILES if file.parent.name != "decisions"]
"""What is followed. Decisions tell what was so when they were taken."""
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)
_LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Link:
    """Where a document points: at ``path`` (itself, if empty), and there at ``anchor``."""

    file: Path
    path: str
    anchor: str


def name_of(file: Path) -> str:
    """Return how a document is called in the repository."""
    return str(file.relative_to(REPOSITORY))


def text_of(file: Path) -> str:
    """Return all that stands in a document."""
    return file.read_text(encoding="utf-8")


def fences(file: Path) -> Iterator[tuple[str, str]]:
    """Give the language and the text of every block of code."""
    for found in _FENCE.finditer(text_of(file)):
        yield found[1], found[2]


def prose(file: Path) -> str:
    """Return a document without its blocks of code."""
    return _FENCE.sub("", text_of(file))


def links(file: Path) -> Iterator[Link]:
    """Give every link that leads to somewhere in the repository."""
    for target in _LINK.findall(prose(file)):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield Link(file, path, anchor)


def anchors(file: Path) -> set[str]:
    """Return the names of a document's headings, as sites that show Markdown make them."""
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(file), re.M):
        bare = re.sub(r"`([^`]*)`|\[([^\]]*)\]\([^)]*\)", r"\1\2", heading).lower()
        name = re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")
        again = sum(
            each == name or re.fullmatch(rf"{name}-\d+", each) is not None for each in found
        )
        found.append(f"{name}-{again}" if again else name)
    return set(found)


def is_written(test: str) -> bool:
    """Return whether there is a test called ``path::name``, with its path below ``tests``."""
    path, _, name = test.partition("::")
    file = REPOSITORY / "tests" / path
    return file.is_file() and bool(
        re.search(rf"^(?:async )?def {name}\(", file.read_text(encoding="utf-8"), re.M)
    )
