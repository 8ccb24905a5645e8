"""Bringing pip to a Python that comes without it: only the locked file is taken."""

import pytest

from deploy.local import fetch_pip
from deploy.local.install import CONTAINS, fingerprint, lock_file

LOCK = "pip==26.3 \\\n    --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64 + "\n"


def test_version_and_hashes_are_read_from_the_lock() -> None:
    assert fetch_pip.locked(LOCK) == ("26.3", {"a" * 64, "b" * 64})


def test_the_lock_of_this_project_names_a_pip() -> None:
    version, hashes = fetch_pip.locked(lock_file("pip").read_text())
    assert version
    assert hashes


def test_a_wheel_is_found_through_a_relative_link(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {
        "https://index.example/simple/pip/": b'<a href="../../f/pip-26.3-py3-none-any.whl#x">',
        "https://index.example/f/pip-26.3-py3-none-any.whl#x": b"wheel",
    }
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple/")
    monkeypatch.setattr(fetch_pip, "download", pages.__getitem__)
    assert fetch_pip.find("pip-26.3-py3-none-any.whl") == b"wheel"


def test_an_index_without_the_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_pip, "download", lambda _: b"<html>")
    with pytest.raises(fetch_pip.NoPip, match=r"has no pip-26\.3"):
        fetch_pip.find("pip-26.3-py3-none-any.whl")


def test_only_the_web_is_asked() -> None:
    with pytest.raises(ValueError, match="address is none"):
        fetch_pip.download("file:///etc/passwd")


def test_each_lock_file_has_a_fingerprint_of_its_own() -> None:
    assert len({fingerprint(name) for name in CONTAINS}) == len(CONTAINS)
