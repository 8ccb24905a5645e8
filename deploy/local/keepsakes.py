"""What one start leaves for the next: secrets made once, and who is running now."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.errors import AlreadyRunning, StartError

RUNNING = "running.json"


def secret(file: Path, size_bytes: int) -> str:
    """The secret kept in ``file``; made on the first call, readable by its owner alone."""
    if file.exists() and (kept := file.read_text().strip()):
        return kept
    made = secrets.token_urlsafe(size_bytes)
    _write_private(file, made)
    return made


@contextlib.contextmanager
def sole_start(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for one start; raises AlreadyRunning if another one holds it.

    The lock is the kernel's and ends with us in any death, so no stale file can keep us out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunning(
                f"The shop runs already from this folder (process {holder}): "
                "end that one first, with Ctrl-C."
            ) from None
        (folder / RUNNING).unlink(missing_ok=True)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            (folder / RUNNING).unlink(missing_ok=True)


def note_running(folder: Path, urls: Mapping[str, str]) -> None:
    """Tell other commands of this clone where the running parts are."""
    _write_private(folder / RUNNING, json.dumps(dict(urls)))


def running(folder: Path) -> dict[str, str]:
    """Where the parts of the running start are; raises StartError while it is still starting."""
    try:
        urls: dict[str, str] = json.loads((folder / RUNNING).read_text())
    except OSError:
        raise StartError("The shop is just starting or ending; try again in a moment.") from None
    return urls


def _write_private(file: Path, text: str) -> None:
    """Write all of it or nothing, for its owner's eyes alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    fresh.replace(file)
