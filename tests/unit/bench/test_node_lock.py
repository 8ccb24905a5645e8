"""The locked packages of Node's peers: whole hashes, and no address of any registry."""

import json

from tests.bench.pages.node import SOURCES


def test_the_lock_names_no_address() -> None:
    assert "://" not in (SOURCES / "package-lock.json").read_text(encoding="utf-8")


def test_every_package_has_its_hash() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())


def test_what_is_wanted_is_pinned() -> None:
    wanted = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
