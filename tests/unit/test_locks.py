"""The locked dependencies: safe versions, whole hashes, and no address of any index."""

import re
from pathlib import Path

import pytest
from packaging.version import Version

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
# Below these, versions have known faults that reach our visitors.
FLOORS = {
    "django": "5.2.19",
    "daphne": "4.2.3",
    "twisted": "26.4",
    "aiohttp": "3.14.5",
    "httpx": "0.28.1",
    "redis": "8.1",
    "psycopg": "3.3.9",
    "starlette": "1.10",
}


def pinned(path: Path) -> dict[str, str]:
    """The version of each package that a lock file names."""
    return dict(PINNED.findall(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_no_locked_version_is_below_its_floor(lock: Path) -> None:
    low = {
        name: version
        for name, version in pinned(lock).items()
        if name in FLOORS and Version(version) < Version(FLOORS[name])
    }
    assert low == {}


def test_every_floor_guards_something() -> None:
    assert FLOORS.keys() <= pinned(REQUIREMENTS / "dev.txt").keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_is_locked_by_hash_and_none_by_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)
    without = [entry.partition("==")[0] for entry in entries if "--hash=sha256:" not in entry]
    assert without == []
    assert "://" not in text
    assert "--index-url" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_all_locks_agree_on_versions(lock: Path) -> None:
    everything = pinned(REQUIREMENTS / "dev.txt") | pinned(REQUIREMENTS / "redis.txt")
    assert pinned(lock).items() <= everything.items()
