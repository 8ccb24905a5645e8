"""Whatever a document points at is there: files, headings, pictures, tests."""

import re
from pathlib import Path

import pytest

from deploy.local.process import REPOSITORY
from tests.unit.docs.documents import (
    FILES,
    GUIDES,
    Link,
    anchors,
    is_written,
    links,
    name_of,
    prose,
    text_of,
)

LINKS = [link for file in FILES for link in links(file)]
PATH = re.compile(r"`((?:deploy|docs|gateway|requirements|tests)/[\w./-]*\w/?)`")
SECURITY = REPOSITORY / "docs" / "security.md"
GUARDS = re.findall(r"`((?:\w+/)+test_\w+\.py::\w+)`", text_of(SECURITY))


@pytest.mark.parametrize(
    "link", LINKS, ids=lambda link: f"{name_of(link.file)}-{link.path}#{link.anchor}"
)
def test_a_link_leads_somewhere(link: Link) -> None:
    target = (link.file.parent / link.path).resolve() if link.path else link.file
    assert target.is_relative_to(REPOSITORY)
    assert target.exists()
    if link.anchor:
        assert link.anchor in anchors(target)


@pytest.mark.parametrize("file", GUIDES, ids=name_of)
def test_a_path_that_is_named_is_there(file: Path) -> None:
    gone = [path for path in PATH.findall(prose(file)) if not (REPOSITORY / path).exists()]
    assert gone == []


def test_links_are_found_at_all() -> None:
    assert len(LINKS) > 80
    assert {name_of(link.file) for link in LINKS} >= {"README.md", "docs/deploy.md"}


@pytest.mark.parametrize("test", GUARDS)
def test_a_test_that_guards_a_boundary_is_there(test: str) -> None:
    assert is_written(test)


def test_every_boundary_has_guards_and_every_danger_one() -> None:
    text = prose(SECURITY)
    named = re.findall(r"^\| \[([^\]]+)\]\(#[^)]+\) \|", text, re.M)
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    assert len(named) == 13
    for name in named:
        rows = re.findall(r"^\| .+ \| .+ \| (.+) \|$", sections[name[0].upper() + name[1:]], re.M)
        dangers = [row for row in rows if row not in ("test", "not trusted") and set(row) != {"-"}]
        assert dangers
        assert [row for row in dangers if "::test_" not in row] == []
