"""Installing: what is known of a lock file, and what happens where Python has no pip."""

from collections.abc import Callable

import pytest

from deploy.local import install
from deploy.local.install import CONTAINS, InstallError, bring_pip, fingerprint


@pytest.fixture
def apt_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Debian where we are root, on which apt only notes what it was asked."""
    calls: list[str] = []
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install, "apt", lambda *arguments: calls.append(arguments[0]))
    return calls


def works_from(attempt: int) -> Callable[..., bool]:
    """A ``works`` that says no until the given attempt."""
    answers = iter([False] * (attempt - 1) + [True] * 9)
    return lambda *_: next(answers)


def test_a_python_with_pip_needs_nothing(
    monkeypatch: pytest.MonkeyPatch, apt_calls: list[str]
) -> None:
    monkeypatch.setattr(install, "works", works_from(1))
    bring_pip()
    assert apt_calls == []


def test_root_on_debian_gets_the_missing_package(
    monkeypatch: pytest.MonkeyPatch, apt_calls: list[str]
) -> None:
    monkeypatch.setattr(install, "works", works_from(2))
    bring_pip()
    assert apt_calls == ["update", "install"]


def test_anybody_else_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, apt_calls: list[str]
) -> None:
    monkeypatch.setattr(install, "works", lambda *_: False)
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    with pytest.raises(InstallError, match="apt install python3-venv"):
        bring_pip()
    assert apt_calls == []


def test_each_lock_file_has_a_fingerprint_of_its_own() -> None:
    assert len({fingerprint(name) for name in CONTAINS}) == len(CONTAINS)
