"""The locked packages of Node: whole hashes, and no address of any registry."""

import json
from pathlib import Path

import pytest

from tests.bench.pages.node import SOURCES
from tests.compose import observatory

FOLDERS = pytest.mark.parametrize("folder", [SOURCES, observatory.SOURCES], ids=lambda f: f.name)


@FOLDERS
def test_the_lock_names_no_address(folder: Path) -> None:
    assert "://" not in (folder / "package-lock.json").read_text(encoding="utf-8")


@FOLDERS
def test_every_package_has_its_hash(folder: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())


@FOLDERS
def test_what_is_wanted_is_pinned(folder: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
