"""A gateway knows of which commit it is."""

from pathlib import Path
from typing import Any

import pytest

from gateway.version import VERSION, commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    commit.cache_clear()


def test_an_image_says_it(settings: Any, tmp_path: Path) -> None:
    settings.GATEWAY_COMMIT = COMMIT
    assert commit(tmp_path) == COMMIT[:10]


def test_without_git_nothing_is_known(settings: Any, tmp_path: Path) -> None:
    settings.GATEWAY_COMMIT = ""
    assert commit(tmp_path) == ""


def test_a_working_copy_knows_what_is_checked_out(settings: Any, tmp_path: Path) -> None:
    settings.GATEWAY_COMMIT = ""
    branch = tmp_path / ".git" / "refs" / "heads" / "main"
    branch.parent.mkdir(parents=True)
    branch.write_text(COMMIT + "\n")
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit(tmp_path) == COMMIT[:10]
    (tmp_path / ".git" / "HEAD").write_text(COMMIT[::-1] + "\n")
    commit.cache_clear()
    assert commit(tmp_path) == COMMIT[::-1][:10]


def test_a_second_working_copy_knows_it_too(settings: Any, tmp_path: Path) -> None:
    settings.GATEWAY_COMMIT = ""
    shared, own, copy = tmp_path / "git", tmp_path / "git" / "worktrees" / "b", tmp_path / "b"
    for folder in (shared / "refs" / "heads", own, copy):
        folder.mkdir(parents=True)
    (shared / "refs" / "heads" / "b").write_text(COMMIT)
    (own / "HEAD").write_text("ref: refs/heads/b\n")
    (own / "commondir").write_text("../..\n")
    (copy / ".git").write_text(f"gitdir: {own}\n")
    assert commit(copy) == COMMIT[:10]


def test_the_release_is_the_one_that_the_project_names() -> None:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert f'version = "{VERSION}"' in project.read_text()
