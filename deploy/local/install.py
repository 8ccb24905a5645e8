"""Makes ``.venv`` and installs the locked dependencies: ``-m deploy.local.install run`` or ``dev``.

Runs on the system's Python with the standard library alone. What is installed already is noted
beside it, so that the next start takes no time and a changed lock file is seen.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = REPOSITORY / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
NOTES = ENVIRONMENT / "installed.json"
UNFINISHED = ENVIRONMENT / "unfinished"
LOG = REPOSITORY / ".local" / "log" / "install.log"
# What runs is part of what is developed with, at the same versions.
CONTAINS = {"run": ("run",), "dev": ("dev", "run")}
SHOWN_LINES = 25


class InstallError(Exception):
    """The text is a sentence for a person."""


def main(wanted: str) -> None:
    """Install what ``wanted`` names, unless it is there."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (LOG.parent.parent / "install.lock").open("w") as lock:
        # A second make in the same clone waits here until the first is done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(wanted):
            install(wanted)


def is_installed(wanted: str) -> bool:
    """Whether the environment works and holds exactly what the lock file names."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    try:
        notes = json.loads(NOTES.read_text())
    except (OSError, ValueError):
        return False
    return bool(notes.get(wanted) == fingerprint(wanted))


def fingerprint(name: str) -> str:
    """Changes whenever the lock file of that name does."""
    return hashlib.sha256(lock_file(name).read_bytes()).hexdigest()


def lock_file(name: str) -> Path:
    """The file that names every version and its hash."""
    return REPOSITORY / "requirements" / f"{name}.txt"


def install(wanted: str) -> None:
    """Bring the environment up to the lock file; an interrupted one is made anew."""
    if UNFINISHED.exists():
        print("An earlier installation did not finish; starting it again.", flush=True)
        shutil.rmtree(ENVIRONMENT)
    first = not ENVIRONMENT.exists()
    hint = "the first time takes about a minute" if first else "only what has changed"
    print(f"Installing dependencies ({hint}) ...", flush=True)
    LOG.write_text("")
    make_environment()
    UNFINISHED.touch()
    pip("install", "--require-hashes", "-r", str(lock_file(wanted)))
    NOTES.write_text(json.dumps({name: fingerprint(name) for name in CONTAINS[wanted]}))
    UNFINISHED.unlink()


def make_environment() -> None:
    """Make ``.venv`` with a pip in it, unless a working one is there."""
    if works("-m", "pip", "--version"):
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    ENVIRONMENT.mkdir()
    UNFINISHED.touch()
    venv.create(ENVIRONMENT, symlinks=True, with_pip=False)
    bring_pip()


def bring_pip() -> None:
    """Give the environment a pip. Debian keeps Python's own copy of it in a package by itself."""
    if works("-m", "ensurepip", "--default-pip"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("This Python comes without pip; installing Debian's python3-venv ...", flush=True)
        apt("update", "-qq")
        apt("install", "-y", "-qq", "--no-install-recommends", "python3-venv")
        if works("-m", "ensurepip", "--default-pip"):
            return
    raise InstallError(
        "This Python comes without pip: install it (on Debian: apt install python3-venv) "
        "and start again."
    )


def apt(*arguments: str) -> None:
    """Run apt-get; what it says goes into the log, and what it could not do shows afterwards."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with LOG.open("a") as log:
        subprocess.run(["apt-get", *arguments], stdout=log, stderr=log, env=quiet, check=False)


def works(*arguments: str) -> bool:
    """Whether the environment's Python does that."""
    if not PYTHON.exists():
        return False
    with LOG.open("a") as log:
        command = [str(PYTHON), *arguments]
        return subprocess.run(command, stdout=log, stderr=log, check=False).returncode == 0


def pip(*arguments: str) -> None:
    """Run the environment's pip; raises InstallError with the end of what it said."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    # Settings for a person's own installations would keep pip from writing to the environment.
    own = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    with LOG.open("a") as log:
        done = subprocess.run(
            command, stdout=log, stderr=log, env={**os.environ, **own}, check=False
        )
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in LOG.read_text().splitlines()[-SHOWN_LINES:])
        raise InstallError(
            "The dependencies could not be installed: look at what pip says, check that the "
            f"package registry can be reached, and start again.\n{said}"
        )


def interrupt(*_: object) -> NoReturn:
    """Ends what is being waited for as well: pip must not go on by itself."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        main(sys.argv[1])
    except InstallError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next start does it again.")
