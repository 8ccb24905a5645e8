"""The source of the locked Django: fetched once, judged by its hash, and kept below .local/."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from deploy.local.process import REPOSITORY

KEPT = REPOSITORY / ".local" / "django"
_LOCKED = re.compile(r"^django==(?P<version>\S+)(?: \\\n\s+--hash=\S+)+", re.M)


class CannotBeFetched(Exception):
    """The source is not to be had; the reason is a sentence."""


def tests_of_django() -> Path:
    """Return the folder of Django's tests. Raises ``CannotBeFetched``."""
    found = _LOCKED.search((REPOSITORY / "requirements" / "dev.txt").read_text(encoding="utf-8"))
    if found is None:
        raise CannotBeFetched("There is no Django in requirements/dev.txt.")
    folder = KEPT / found["version"]
    if not (folder / "tests").is_dir():
        _fetch(found[0], folder)
    return folder / "tests"


def _fetch(locked: str, folder: Path) -> None:
    """Download what is ``locked``, a requirement with its hashes, and unpack its tests."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    (unfinished / "locked.txt").write_text(locked + "\n", encoding="utf-8")
    options = ("--no-binary", ":all:", "--no-deps", "--require-hashes", "--quiet")
    where = ("--requirement", str(unfinished / "locked.txt"), "--dest", str(unfinished))
    if subprocess.call([sys.executable, "-m", "pip", "download", *options, *where]):
        raise CannotBeFetched("The source of Django cannot be fetched.")
    (archive,) = unfinished.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(unfinished, filter="data")
    (top,) = (path for path in unfinished.iterdir() if path.is_dir())
    shutil.move(top / "tests", unfinished / "tests")
    shutil.rmtree(top)
    archive.unlink()
    unfinished.rename(folder)
